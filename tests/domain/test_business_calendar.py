"""Business time: weekends and holidays stand still, make-up days run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.business_calendar import BusinessCalendar

SHOP = ZoneInfo("Asia/Shanghai")
CALENDAR = BusinessCalendar()


def at(day: str, clock: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=SHOP).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        ("2026-03-12", True),  # Thursday
        ("2026-03-14", False),  # Saturday
        ("2026-10-01", False),  # National Day
        ("2026-10-10", True),  # Saturday worked instead
        ("2026-02-14", True),  # Saturday worked before the Spring Festival
    ],
)
def test_make_up_days_count_and_holidays_do_not(day, counts):
    assert CALENDAR.counts(date.fromisoformat(day)) is counts


def test_the_shop_decides_about_its_own_days():
    closed = BusinessCalendar(overrides={date(2026, 3, 12): False})
    assert closed.add(at("2026-03-12"), timedelta(hours=1)) == at("2026-03-13", "01:00")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (at("2026-03-10"), at("2026-03-12")),  # within a week
        (at("2026-03-13"), at("2026-03-17")),  # over a weekend
        (at("2026-03-14"), at("2026-03-18", "00:00")),  # begun on a Saturday
        (at("2026-09-30"), at("2026-10-09")),  # over the National Day week
        (at("2026-10-09"), at("2026-10-12")),  # the make-up Saturday runs
    ],
)
def test_48_hours_of_business_days(start, end):
    assert CALENDAR.add(start, timedelta(hours=48)) == end


@given(
    start=st.integers(0, 700).map(
        lambda days: at("2025-01-01") + timedelta(days=days, hours=days % 24)
    ),
    hours=st.integers(1, 120),
)
def test_between_undoes_add(start, hours):
    end = CALENDAR.add(start, timedelta(hours=hours))
    assert CALENDAR.between(start, end) == timedelta(hours=hours)
