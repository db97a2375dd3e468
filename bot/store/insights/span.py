"""A stretch of local days, half-open in time, and which of its days or months a moment belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.bulk import seconds

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day up to and with the last one."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)

    @property
    def days(self) -> list[date]:
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=number) for number in range(count)]

    @property
    def before(self) -> Span:
        """As many days right before."""
        length = timedelta(days=len(self.days))
        return Span(self.first - length, self.last - length, self.zone)

    def holds(self, column: Any) -> ColumnElement[bool]:
        return and_(column >= self.start, column < self.end)

    def day_of(self, session: AsyncSession, column: Any) -> ColumnElement[int]:
        """Which of `days` a kept moment lies on, from 0; a day of 23 or 25 hours moves its edges by one."""
        return (seconds(session, column) - int(self.start.timestamp())) // DAY


def slot(column: Any, bounds: Sequence[datetime]) -> ColumnElement[int]:
    """Between which two neighbours of `bounds` a moment lies, from 0; NULL after the last."""
    return case(*[(column < end, number) for number, end in enumerate(bounds[1:])], else_=None)
