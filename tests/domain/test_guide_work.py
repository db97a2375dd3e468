"""Reasons to contact somebody, as a plain rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.guide_work import Known, Reason, days_until, in_a_day, reason_for

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


def test_who_has_had_this_weeks_promotion_is_greeted_and_not_sold_to():
    tempting = {"coupon_until": NOW + timedelta(days=2), "room": 0.0}
    assert reason(**tempting) is None
    assert reason(**tempting, tier="核心") == ("care", "常客，90 天没联系了")


def test_less_room_this_month_makes_a_promotion_worth_less_than_a_birthday():
    both = {"coupon_until": NOW + timedelta(days=2), "birthday_month": 3}
    assert reason(**both, room=1.0)[0] == "coupon"
    assert reason(**both, room=0.25)[0] == "birthday"


def test_a_day_holds_what_is_worth_most_for_its_minutes_and_every_case():
    found = [
        (1, Reason("overdue", "", 2.0)),
        (2, Reason("coupon", "", 1.5)),
        (3, Reason("care", "", 1.0)),
        (4, Reason("case", "", 1000.0)),
    ]
    assert [who for who, _ in in_a_day(found, minutes=13, most=8)] == [4, 2]
    assert [who for who, _ in in_a_day(found, minutes=60, most=8)] == [4, 2, 1, 3]
    assert [who for who, _ in in_a_day(found[:1], minutes=1, most=8)] == [1]
