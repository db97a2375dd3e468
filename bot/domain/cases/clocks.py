"""The two clocks of a case: an answer in 24 hours of any day, a solution in 48 hours of business days.

A shop is open on holidays and a customer who complains does not know a weekend, so the answer's clock never stops.
The solution's clock needs people who only work on business days, and stands still while the customer has to answer.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.business_calendar import BusinessCalendar
from bot.domain.cases.entities import Case

ANSWER_IN = timedelta(hours=24)
RESOLVE_IN = timedelta(hours=48)
WARN_BEFORE = timedelta(hours=4)
MASS_WITHIN = timedelta(hours=2)
MASS_FROM = 5
ASK_EVERY = timedelta(days=30)
APOLOGY_EVERY = timedelta(days=90)
SHOP = ZoneInfo("Asia/Shanghai")
LEVELS = {1: "一线", 2: "专家组", 3: "应急预案"}
WORST = 1
"""Who speaks of lawyers, authorities or a doctor is not left to the front line."""


class Mark(NamedTuple):
    """One moment of a clock; `kind` and `level` name the `CaseStep` that says it was passed."""

    at: datetime
    kind: str
    level: int


def number(case: Case) -> str:
    """What people call this case."""
    return f"C{case.id:04}"


def in_words(at: datetime) -> str:
    """`3 月 13 日 10:24`, as a customer reads it."""
    local = at.astimezone(SHOP)
    return f"{local.month} 月 {local.day} 日 {local:%H:%M}"


def first_level(case: Case) -> int:
    return 2 if case.severity == WORST else 1


def marks(case: Case) -> list[Mark]:
    """The moments that this case may still pass, soonest first."""
    if case.state in {"waiting", "closed"}:
        return []
    resolving = [
        Mark(case.resolve_due - WARN_BEFORE, "warned", 2),
        Mark(case.resolve_due, "breached", 2),
    ]
    if case.answered_at is not None:
        return resolving
    answering = [
        Mark(case.answer_due - WARN_BEFORE, "warned", 1),
        Mark(case.answer_due, "breached", 1),
    ]
    return sorted([*answering, *resolving])


def next_mark(case: Case, passed: Collection[tuple[str, int]]) -> Mark | None:
    return next((mark for mark in marks(case) if (mark.kind, mark.level) not in passed), None)


def start(case: Case, calendar: BusinessCalendar) -> None:
    case.level = first_level(case)
    case.answer_due = case.opened_at + ANSWER_IN
    case.resolve_due = calendar.add(case.opened_at, RESOLVE_IN)
    case.next_check_at = (
        case.opened_at
    )  # whoever opened it, the clock looks at once whether she was told


def pause(case: Case, now: datetime) -> None:
    case.state, case.waiting_since, case.next_check_at = "waiting", now, None


def resume(case: Case, now: datetime, calendar: BusinessCalendar) -> None:
    """What was left of the solution's time begins to run again."""
    if case.waiting_since is not None:
        left = calendar.between(case.waiting_since, case.resolve_due)
        case.resolve_due = calendar.add(now, left) if left else case.resolve_due
    case.state, case.waiting_since = "answered", None
