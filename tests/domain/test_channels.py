from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.channels import OpenWindow, Tie, no_way, right_guide, ways

NOW = datetime(2026, 3, 12, 4, tzinfo=UTC)
OLD = Tie(guide_id=1, userid="wang", external_userid="wm1", since=NOW - timedelta(days=90))
NEW = OLD._replace(guide_id=2, userid="li", since=NOW - timedelta(days=3))
KF = OpenWindow(channel="kf", address="wk1|wm1", closes_at=NOW + timedelta(hours=1), left=2)


def test_an_open_window_comes_before_a_guides_tap():
    found = ways([OLD], [KF], now=NOW)
    assert [way.channel for way in found] == ["kf", "wecom"]
    assert ways([OLD], [KF._replace(left=0)], now=NOW)[0].channel == "wecom"
    assert ways([OLD], [KF._replace(closes_at=NOW)], now=NOW)[0].channel == "wecom"


def test_the_guide_who_talked_last_is_the_right_one():
    assert right_guide([OLD, NEW], now=NOW) == NEW
    talked = OLD._replace(last_talk_at=NOW - timedelta(days=1))
    assert right_guide([talked, NEW], now=NOW) == talked


def test_a_guide_who_is_away_is_passed_over():
    away = NEW._replace(away_until=NOW + timedelta(days=1))
    assert right_guide([OLD, away], now=NOW) == OLD
    assert no_way([away], now=NOW) == "guide_away"
    assert no_way([], now=NOW) == "no_channel"


def test_a_guides_own_push_goes_by_her_alone():
    assert [way.userid for way in ways([OLD, NEW], [KF], now=NOW, only_guide=1)] == ["wang"]
    assert ways([OLD], [], now=NOW, only_guide=2) == []
    assert no_way([OLD], now=NOW, only_guide=2) == "not_friend"
