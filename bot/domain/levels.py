"""Membership levels and the rate at which points are earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.offers import SHOP_ZONE
from bot.domain.rights import Plan, Right
from bot.tongue import _

YEAR = timedelta(days=365)


class Level(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    needs: int = Field(ge=0)
    """Points earned within 12 months."""
    rights: str = ""
    """What she gets, in words."""
    percent_off: int = Field(default=0, ge=0, lt=100)
    """5 = 9.5 折 on everything."""
    price_points: int = Field(default=0, ge=0)
    """What it costs in points to be lifted here; 0 is not for sale."""


class DoubleDays(BaseModel):
    """Days on which points count several times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    times: int = Field(default=2, ge=2, le=10)
    starts: date | None = None
    ends: date | None = None
    """Counts whole."""
    days: tuple[int, ...] = ()
    """Of the month; empty means every day."""

    def covers(self, day: date) -> bool:
        begun = self.starts is None or self.starts <= day
        return begun and (self.ends is None or day <= self.ends) and self._named(day)

    def _named(self, day: date) -> bool:
        return not self.days or day.day in self.days


class Levels(BaseModel):
    """`content/levels.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fen_per_point: int = Field(default=1000, gt=0)
    birthday_times: int = Field(default=2, ge=1)
    double_days: tuple[DoubleDays, ...] = ()
    expire_after_months: int | None = Field(default=None, ge=1, le=120)
    """Points live until the end of the month so many months on."""
    fen_per_spent_point: int = Field(default=0, ge=0)
    """What a point is worth as money at the till; 0: it is not money."""
    coupon_first: bool = False
    """Whether coupons are taken off before the level's discount, or after it."""
    levels: tuple[Level, ...] = Field(min_length=1)
    plans: tuple[Plan, ...] = ()
    rights: tuple[Right, ...] = ()

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        needs = [level.needs for level in self.levels]
        if needs[0] != 0 or needs != sorted(set(needs)):
            raise ValueError(_("levels: 第一级的 needs 是 0，往上一级比一级高"))
        names, plans = {level.name for level in self.levels}, {plan.key for plan in self.plans}
        for right in self.rights:
            if right.level not in {None, *names} or right.plan not in {None, *plans}:
                raise ValueError(_("rights: 「%(key)s」写的等级或 plan 不存在", key=right.key))
        return self

    def run_out(self, at: datetime) -> datetime | None:
        """When points given now are gone: the midnight that ends their last month."""
        if self.expire_after_months is None:
            return None
        local = at.astimezone(SHOP_ZONE)
        years, month = divmod(local.month + self.expire_after_months, 12)
        return datetime.combine(date(local.year + years, month + 1, 1), time(), SHOP_ZONE)

    def times(self, at: datetime, *, birthday_month: int | None) -> int:
        """The best of what holds that day; multipliers never multiply each other."""
        day = at.astimezone(SHOP_ZONE).date()
        hers = [self.birthday_times] if day.month == birthday_month else []
        return max([1, *hers, *(some.times for some in self.double_days if some.covers(day))])

    def named(self, name: str) -> Level | None:
        return next((level for level in self.levels if level.name == name), None)

    def reached(self, earned: int) -> Level:
        return [level for level in self.levels if level.needs <= earned][-1]

    def next_after(self, name: str) -> Level | None:
        return next(iter(self.levels[self.rank(name) + 1 :]), None)

    def rank(self, name: str) -> int:
        """Where a level stands; one that content no longer knows stands lowest."""
        names = [level.name for level in self.levels]
        return names.index(name) if name in names else 0

    def higher(self, had: str, earned: int) -> str:
        """The level after earning: up by itself, never down."""
        now = self.reached(earned).name
        return now if self.rank(now) > self.rank(had) else had


STANDARD = Levels(
    levels=(
        Level(name="青铜", needs=0, rights="积分攒着换东西"),
        Level(name="白银", needs=100, rights="生日月双倍积分"),
        Level(name="黄金", needs=300, rights="新品先挑两天"),
        Level(name="钻石", needs=800, rights="专属导购和到店礼"),
    )
)


@dataclass(frozen=True, slots=True)
class OrderPoints:
    """What one order has earned so far, and what it should have."""

    paid_fen: int
    net_fen: int
    earned: int
    """When it was paid."""
    standing: int
    """With every return so far."""

    @property
    def still_due(self) -> int:
        """What to write now: the share of the points that the kept goods keep, exact over any returns."""
        if self.paid_fen <= 0:
            return -self.standing
        return self.earned * max(self.net_fen, 0) // self.paid_fen - self.standing


def earned_for(
    levels: Levels, amount_fen: int, *, birthday_month: int | None, at: datetime
) -> int:
    return amount_fen // levels.fen_per_point * levels.times(at, birthday_month=birthday_month)
