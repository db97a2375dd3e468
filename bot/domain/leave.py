"""A guide's leave as people say it, by whole days, and what she may be called for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DUTIES = {"manager": "店长", "expert": "专家"}
"""Whom we ask when a complaint goes up."""
LONGEST = timedelta(days=366)


def from_day(first: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(first, time(), zone)


def until_day(last: date, zone: ZoneInfo) -> datetime:
    """The last day is a day of leave too."""
    return from_day(last + timedelta(days=1), zone)


def last_day(until: datetime, zone: ZoneInfo) -> date:
    return (until - timedelta(microseconds=1)).astimezone(zone).date()


def wrong(since: datetime | None, until: datetime, now: datetime) -> bool:
    """It is over before it begins, or nobody is away so long."""
    begins = max(since or now, now)
    return not begins < until <= begins + LONGEST
