"""Rights: offers that a level, a number of orders, a month's spending or a paid plan lets her claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.offers import SHOP_ZONE
from bot.tongue import _

MONTH = timedelta(days=31)
Span = tuple[datetime, datetime]


class Plan(BaseModel):
    """A paid membership: whoever has bought this sku has it for so many months."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    name: str
    sku: str
    months: int = Field(default=1, ge=1, le=36)


class Right(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    name: str
    offer: str
    """What a claim gives: a key of `offers.yaml`."""
    level: str | None = None
    """This one or a higher."""
    orders: int = Field(default=0, ge=0)
    """Orders that she kept."""
    month_fen: int = Field(default=0, ge=0)
    """Spent, and not returned, in this month."""
    next_month: bool = False
    """What a month has earned is given in the next one, by itself on its first day."""
    plan: str | None = None
    times: int = Field(default=1, ge=1)
    period: Literal["once", "month", "year"] = "once"
    points: int = Field(default=0, ge=0)
    """What one costs her in points; 0 costs none."""
    given: bool = False
    """Given by itself with the order that opens it."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.next_month and (not self.month_fen or self.period != "month"):
            raise ValueError(_("next_month 要有 month_fen，并且 period: month"))
        if self.given and (self.next_month or not (self.orders or self.month_fen)):
            raise ValueError(_("given 要有 orders 或 month_fen，不和 next_month 一起写"))
        if self.points and (self.given or self.next_month):
            raise ValueError(_("points 是她自己来换的，不和 given、next_month 一起写"))
        return self

    def trigger(self, now: datetime) -> str:
        """What the coupons of this period are given for; their number follows."""
        day = now.astimezone(SHOP_ZONE).date()
        period = {"once": "", "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}[self.period]
        return f"right:{self.key}:{period}:"

    def earned_in(self, now: datetime) -> Span:
        """The month whose spending counts now."""
        this = month_of(now)
        return month_of(this[0] - timedelta(days=1)) if self.next_month else this


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What a customer has done, as far as rights ask."""

    level_rank: int
    orders: int
    month_fen: int
    plans: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    right: Right
    missing: str
    """What she still has to do, in words; empty when it is open to her."""
    left: int
    """How often she can still claim it in this period."""


def missing(right: Right, deeds: Deeds, *, rank: int, plan: str) -> str:
    """What is not fulfilled yet; `rank` and `plan` are the level's and the plan's as content says."""
    if deeds.level_rank < rank:
        return f"升到{right.level}就有"
    if right.plan is not None and right.plan not in deeds.plans:
        return f"开通{plan}就有"
    if deeds.orders < right.orders:
        return f"再下 {right.orders - deeds.orders} 单解锁"
    if deeds.month_fen < right.month_fen:
        when = "上个月" if right.next_month else "本月"
        return f"{when}满 {right.month_fen // 100} 元才有，还差 {(right.month_fen - deeds.month_fen + 99) // 100} 元"
    return ""


def covered(plan: Plan, bought: Sequence[datetime], now: datetime) -> bool:
    """Whether what was bought, each purchase after the one before, reaches over now."""
    until = None
    for at in sorted(bought):
        begins = at if until is None else max(at, until)
        until = months_after(begins, plan.months)
        if begins <= now < until:
            return True
    return False


def month_of(moment: datetime) -> Span:
    first = moment.astimezone(SHOP_ZONE).date().replace(day=1)
    after = (first + MONTH).replace(day=1)
    return _midnight(first), _midnight(after)


def months_after(moment: datetime, months: int) -> datetime:
    """The same day so many months on, or the last one of a shorter month."""
    local = moment.astimezone(SHOP_ZONE)
    years, month = divmod(local.month - 1 + months, 12)
    first = local.replace(year=local.year + years, month=month + 1, day=1)
    longest = ((first.date() + MONTH).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(local.day, longest))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHOP_ZONE)
