"""When the next step of a journey comes, and how branches lie in its program."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bot.domain.greetings import greeting_for
from bot.domain.journeys import due_after, occasions
from bot.domain.playbooks import Check, End, Jump, Message, PlaybookSpec, Wait, program
from bot.domain.quotas import QuietHours
from bot.domain.repeating import Calendar

HERE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
MORNING = {"message": {"template": "a"}}
RULE = {"all": []}


def due(**wait) -> str:
    return due_after(Wait(**wait), NOW, QuietHours()).astimezone(HERE).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("wait", "when"),
    [
        ({"hours": 2}, "03-12 12:24"),
        ({"hours": 12}, "03-13 09:00"),
        ({"days": 1}, "03-13 10:24"),
        ({"days": 1, "part": "evening"}, "03-13 19:30"),
        ({"part": "morning"}, "03-13 10:00"),
        ({"part": "noon"}, "03-12 12:30"),
        ({"days": 3, "at": "08:00"}, "03-15 09:00"),
    ],
)
def test_a_wait_ends_at_a_decent_hour(wait, when):
    assert due(**wait) == when


def spec(**changes) -> PlaybookSpec:
    facts = {"key": "week", "name": "一周", "tactic": [1], "trigger": "friend_added"}
    return PlaybookSpec.model_validate(facts | {"steps": [MORNING]} | changes)


def test_a_branch_lies_flat():
    branch = {"if": RULE, "then": [MORNING], "else": [{"end": True}]}
    ops = program(spec(steps=[{"branch": branch}, MORNING]))
    kinds = [Check, Message, Jump, End, Message, End]
    assert [type(op) for op in ops] == kinds
    assert (ops[0].otherwise, ops[2].to) == (3, 4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trigger": None},
        {"trigger": "sometimes"},
        {"tactic": [114]},
        {"steps": [{"wait": {"days": 1}, "end": True}]},
        {"steps": []},
        {"holdout_percent": 90},
    ],
)
def test_a_playbook_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        spec(**wrong)


@pytest.mark.parametrize(
    ("calendar", "days"),
    [
        ({"every": "week", "weekday": 4}, ["02-26", "03-05", "03-12"]),
        ({"every": "month", "days": [8, 13]}, ["03-08", "03-13"]),
        ({"every": "days", "dates": ["2026-03-01"]}, ["03-01"]),
    ],
)
def test_the_days_of_a_calendar(calendar, days):
    found = occasions(Calendar.model_validate(calendar), date(2026, 3, 12))
    assert [day.strftime("%m-%d") for day in found] == days


@pytest.mark.parametrize(
    ("state", "template"),
    [("store-s01", "store"), ("store-vip", "vip"), ("elsewhere", "default"), (None, "default")],
)
def test_the_most_exact_greeting_wins(state, template):
    greetings = [
        {"channel": "wecom", "template": "default"},
        {"channel": "wecom", "states": ["store*"], "template": "store"},
        {"channel": "wecom", "states": ["store-vip"], "template": "vip"},
        {"channel": "kf", "template": "kf"},
    ]
    found = greeting_for(spec(greetings=greetings), "wecom", state)
    assert found.template == template


def test_festivals_of_the_chinese_year_and_the_days_before_them():
    new_year = Calendar(every="lunar", lunar=("01-01", "08-15"), at="10:00")
    assert list(occasions(new_year, date(2026, 2, 20))) == [date(2026, 2, 17)]
    assert list(occasions(new_year, date(2026, 9, 26))) == [date(2026, 9, 25)]
    early = new_year.model_copy(update={"ahead": 7})
    assert list(occasions(early, date(2026, 2, 12))) == [date(2026, 2, 10)]
    leap = Calendar(every="lunar", lunar=("06-15",))  # 2025 had a sixth month twice
    assert list(occasions(leap, date(2025, 7, 20))) == [date(2025, 7, 9)]
    assert list(occasions(leap, date(2025, 8, 15))) == []
