"""Reasons to contact somebody, as a plain rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.guide_work import Known, days_until, reason_for

NOW = datetime(2026, 3, 12, 2, tzinfo=UTC)
TODAY = date(2026, 3, 12)


def reason(**known):
    since = known.pop("followed_since", NOW - timedelta(days=90))
    made = Known(customer_id=1, followed_since=since, **known)
    found = reason_for(made, NOW, TODAY)
    return found and (found.kind, found.why)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"birthday": "03-15"}, ("birthday", "生日3 天后")),
        ({"birthday": "03-12"}, ("birthday", "生日就在今天")),
        ({"birthday_month": 3}, ("birthday", "这个月过生日")),
        ({"coupon_until": NOW + timedelta(days=2)}, ("coupon", "手上的券还有 2 天到期")),
        ({"followed_since": NOW - timedelta(days=5)}, ("newcomer", "加好友 5 天，还没买过")),
        ({"tier": "核心"}, ("care", "常客，90 天没联系了")),
        ({"answer_due": NOW - timedelta(hours=1)}, ("case", "有一件反馈已经超时，先回她")),
        ({"birthday": "05-01"}, None),
        ({}, None),
    ],
)
def test_a_reason_is_said_in_words(known, said):
    assert reason(**known) == said


@pytest.mark.parametrize(
    ("birthday", "today", "days"),
    [
        ("02-29", date(2026, 2, 27), 1),
        ("02-29", date(2028, 2, 27), 2),
        ("01-01", date(2026, 12, 31), 1),
        ("13-01", date(2026, 1, 1), None),
        ("x", date(2026, 1, 1), None),
    ],
)
def test_days_to_a_birthday(birthday, today, days):
    assert days_until(birthday, today) == days
