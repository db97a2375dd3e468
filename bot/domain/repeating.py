"""A campaign that comes again: its calendar, whom it is for, what it says, and what is wanted of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.domain.aims import StopRule
from bot.tongue import _

Rule: TypeAlias = dict[str, Any]
LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
LunarDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|30)$")]
USUAL = StopRule()


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Calendar(Part):
    """When a repeating campaign happens."""

    every: Literal["week", "month", "days", "lunar"]
    weekday: int | None = Field(default=None, ge=1, le=7)
    """1 is Monday."""
    days: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    """Days of the month; a month that is too short has no such day."""
    dates: tuple[date, ...] = ()
    """Days of a year, as YYYY-MM-DD."""
    lunar: tuple[LunarDay, ...] = ()
    """Days of the Chinese year, as MM-DD: 01-01 春节, 05-05 端午, 07-07 七夕, 08-15 中秋."""
    ahead: int = Field(default=0, ge=0, le=13)
    """So many days before each of them."""
    at: LocalTime = "10:00"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = {"week": "weekday", "month": "days", "days": "dates", "lunar": "lunar"}
        name = names[self.every]
        if not getattr(self, name):
            raise ValueError(
                _("every: %(every)s 还要写 %(name)s — 补上 %(name)s", every=self.every, name=name)
            )
        return self


class Stops(Part):
    """When an occasion halts by itself, as `bot.domain.aims.StopRule`."""

    least: int = Field(default=USUAL.least, ge=1, le=10**6)
    opted_out_percent: int = Field(default=int(USUAL.opted_out_percent), ge=1, le=100)
    complained_percent: int = Field(default=int(USUAL.complained_percent), ge=1, le=100)


class Mailing(Part):
    """A repeating campaign: the same words on every occasion to whoever belongs to the segment then."""

    segment: Rule | str
    calendar: Calendar
    template: str
    offer: str | None = None
    channels: tuple[Literal["wecom", "kf", "official", "subscribed"], ...] = (
        "kf",
        "official",
        "subscribed",
        "wecom",
    )
    lasts_days: int = Field(default=2, ge=1, le=14)
    attachments: tuple[dict[str, Any], ...] = Field(default=(), max_length=9)
    """What hangs on its messages, as `bot.domain.attachments`."""
    rivals: tuple[str, ...] = Field(default=(), max_length=5)
    """Templates that are tried against `template`; each customer gets one of them."""
    metric: Literal["revenue", "orders"] = "revenue"
    budget_fen: int | None = Field(default=None, ge=1, le=10**9)
    """What the coupons of one occasion may cost at worst."""
    canary_percent: int = Field(default=0, ge=0, le=50)
    """So many go a day ahead of the others."""
    holdout_by: Literal["customer", "guide"] = "customer"
    stop_when: Stops | None = None
    goes_first: bool = False
    """Of two campaigns for one person on one day she gets this one."""

    @model_validator(mode="after")
    def _holds(self) -> Self:
        same = len({self.template, *self.rivals}) <= len(self.rivals)
        if self.rivals and (same or self.holdout_by != "customer"):
            raise ValueError(_("比话术要几段不同的 — 对照组也要一位一位地抽"))
        if self.canary_percent and self.lasts_days < 2:
            raise ValueError(_("先试一天，其他人就没有时间了 — 至少发 2 天"))
        return self
