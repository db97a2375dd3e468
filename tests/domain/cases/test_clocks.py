"""The two clocks of a case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.business_calendar import BusinessCalendar
from bot.domain.cases import Case
from bot.domain.cases.clocks import in_words, marks, next_mark, pause, resume, start

THURSDAY = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
FRIDAY = THURSDAY + timedelta(days=1)
HOUR = timedelta(hours=1)
CALENDAR = BusinessCalendar()


def a_case(opened_at: datetime = THURSDAY) -> Case:
    case = Case(opened_at=opened_at, state="open", level=1)
    start(case, CALENDAR)
    return case


def test_an_answer_is_due_in_a_day_and_warned_of_four_hours_before():
    first, second = marks(a_case())[:2]
    assert first == (THURSDAY + 20 * HOUR, "warned", 1)
    assert second == (THURSDAY + 24 * HOUR, "breached", 1)


def test_the_answer_does_not_wait_for_monday_but_the_solution_does():
    case = a_case(FRIDAY)
    assert case.answer_due == FRIDAY + 24 * HOUR
    assert case.resolve_due == FRIDAY + 96 * HOUR


def test_after_the_answer_only_the_solution_is_timed():
    case = a_case()
    case.answered_at = THURSDAY + HOUR
    assert [(mark.kind, mark.level) for mark in marks(case)] == [("warned", 2), ("breached", 2)]


def test_a_passed_moment_is_not_next():
    assert next_mark(a_case(), {("warned", 1)}) == (THURSDAY + 24 * HOUR, "breached", 1)


def test_waiting_for_the_customer_stops_the_clock_and_her_words_start_it():
    case = a_case()
    case.answered_at = THURSDAY + 8 * HOUR
    pause(case, THURSDAY + 8 * HOUR)
    assert marks(case) == []
    monday = THURSDAY + 4 * 24 * HOUR
    resume(case, monday, CALENDAR)
    assert case.resolve_due == monday + 40 * HOUR


def test_an_overdue_case_stays_overdue_after_a_pause():
    case = a_case()
    late = case.resolve_due + HOUR
    pause(case, late)
    resume(case, late + 10 * HOUR, CALENDAR)
    assert case.resolve_due < late


def test_people_read_the_shops_time():
    assert in_words(THURSDAY) == "3 月 12 日 10:24"
