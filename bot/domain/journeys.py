"""Journeys: a playbook's steps, one customer's run through them, and when the next step is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from lunardate import LunarDate
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row
from bot.domain.playbooks import Wait
from bot.domain.quotas import QuietHours
from bot.domain.repeating import Calendar, Mailing

PARTS = {
    "morning": time(10),
    "noon": time(12, 30),
    "afternoon": time(15, 30),
    "evening": time(19, 30),
}
"""The parts of a day, each by the moment at which a message suits."""


class Playbook(Row):
    """A published version of a tactic: trigger, segment and steps."""

    __tablename__ = "playbook"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    trigger: Mapped[str | None] = mapped_column(index=True)
    """What enters customers; None for repeating campaigns."""
    body: Mapped[dict[str, Any]]
    digest: Mapped[str]
    state: Mapped[str]
    """published, paused or retired."""
    at: Mapped[datetime]
    """Since when it counts: when it was published, or went on after a pause."""
    by: Mapped[str]


class Run(Row):
    """One customer on one journey."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("playbook", "customer_id", "entry"),
        Index("ix_run_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    playbook: Mapped[str]
    version: Mapped[int]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    entry: Mapped[str]
    """What brought her in; the same cause enters once."""
    step: Mapped[int] = mapped_column(default=0)
    state: Mapped[str]
    """active, finished, left or holdout."""
    reason: Mapped[str | None]
    due_at: Mapped[datetime | None]
    awaits: Mapped[str | None]
    """What may happen before `due_at` and let her go on at once."""
    entered_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


def due_after(wait: Wait, now: datetime, quiet: QuietHours) -> datetime:
    """When the next step comes: never in quiet hours, and never before now."""
    due = now + timedelta(days=wait.days, hours=wait.hours)
    wall = time.fromisoformat(wait.at) if wait.at else PARTS.get(wait.part or "")
    if wall is not None:
        local = due.astimezone(ZoneInfo(quiet.zone))
        due = datetime.combine(local.date(), wall, local.tzinfo)
        while due <= now:
            due += timedelta(days=1)
    return quiet.next_open(due.astimezone(UTC))


def may_enter_again(again: str | int, last_entered: datetime | None, now: datetime) -> bool:
    """A run under way always keeps her out; this is about those that ended."""
    if last_entered is None or again == "each_cause":
        return True
    return isinstance(again, int) and now - last_entered >= timedelta(days=again)


AHEAD = timedelta(hours=24)
"""So long before it an occasion may be opened: the calendar is looked at once a day."""
EVENING = time(21)
YEAR = 400


@dataclass(frozen=True, slots=True)
class Occasion:
    """One day of a repeating campaign."""

    day: date
    starts: datetime
    ends: datetime


def occasion_on(mailing: Mailing, day: date, zone: ZoneInfo) -> Occasion:
    starts = datetime.combine(day, time.fromisoformat(mailing.calendar.at), zone)
    last = datetime.combine(day + timedelta(days=mailing.lasts_days - 1), EVENING, zone)
    return Occasion(day, starts, last)


def near(mailing: Mailing, since: datetime, now: datetime, zone: ZoneInfo) -> Iterator[Occasion]:
    """What is to be opened now. What began before the calendar counted is of nobody's making."""
    for day in occasions(mailing.calendar, now.astimezone(zone).date()):
        one = occasion_on(mailing, day, zone)
        if one.starts - AHEAD <= now < one.ends and one.starts >= since:
            yield one


def coming(mailing: Mailing, now: datetime, zone: ZoneInfo, *, most: int) -> list[Occasion]:
    """The next ones, within about a year."""
    first = now.astimezone(zone).date()
    days = (first + timedelta(days=number) for number in range(YEAR))
    found = (occasion_on(mailing, day, zone) for day in days if falls_on(mailing.calendar, day))
    return list(islice((one for one in found if one.starts > now), most))


def occasions(calendar: Calendar, around: date) -> Iterator[date]:
    """The days of a calendar from a fortnight before a day to the day after."""
    for number in range(-14, 2):
        day = around + timedelta(days=number)
        if falls_on(calendar, day):
            yield day


def falls_on(calendar: Calendar, day: date) -> bool:
    day += timedelta(days=calendar.ahead)
    match calendar.every:
        case "week":
            return day.isoweekday() == calendar.weekday
        case "month":
            return day.day in calendar.days
        case "lunar":
            return _lunar(day) in calendar.lunar
    return day in calendar.dates


def _lunar(day: date) -> str | None:
    """MM-DD of the Chinese calendar; a leap month repeats no festival."""
    lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
    return None if lunar.is_leap_month else f"{lunar.month:02}-{lunar.day:02}"
