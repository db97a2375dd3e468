"""Which days count: weekends and public holidays do not, make-up workdays do, the shop's own list decides first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import Row

DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")


class BusinessDay(Row):
    """One day that the shop decided about, against weekend, holiday or make-up day."""

    __tablename__ = "business_day"

    day: Mapped[str] = mapped_column(primary_key=True)
    """YYYY-MM-DD in the shop's zone."""
    counts: Mapped[bool]


@dataclass(frozen=True)
class BusinessCalendar:
    """Time that passes on business days only, midnight to midnight in the shop's zone."""

    zone: ZoneInfo = SHANGHAI
    overrides: Mapping[date, bool] = field(default_factory=dict)
    """Make-up days of a coming year are announced late; a shop may also close when it likes."""

    def counts(self, day: date) -> bool:
        decided = self.overrides.get(day)
        return _china().is_working_day(day) if decided is None else decided

    def add(self, start: datetime, hours: timedelta) -> datetime:
        """The moment at which so much business time has passed."""
        at, left = start, hours
        while True:
            end = self._midnight_after(at)
            if self.counts(at.astimezone(self.zone).date()):
                if at + left <= end:
                    return at + left
                left -= end - at
            at = end

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Business time from one moment to a later one."""
        at, passed = start, timedelta()
        while at < end:
            stop = min(end, self._midnight_after(at))
            if self.counts(at.astimezone(self.zone).date()):
                passed += stop - at
            at = stop
        return passed

    def _midnight_after(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        midnight = datetime.combine(local.date() + DAY, datetime.min.time(), self.zone)
        return midnight.astimezone(at.tzinfo)
