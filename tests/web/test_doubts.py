"""What is told of callbacks that nobody believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.web.doubts import Doubts, quarantined, skewed

NOW = datetime(2026, 3, 12, 10, 24, tzinfo=UTC)


def test_wrong_signatures_alone_are_a_wrong_token_among_others_perhaps_a_stranger():
    doubts = Doubts()
    doubts.refuse("wecom", "signature", NOW)
    doubts.refuse("wecom", "envelope", NOW)
    [told] = doubts.findings(NOW)
    assert (told.check, told.state, "Token" in told.why) == ("wecom_callback", "fail", True)
    doubts.believe("wecom", NOW + timedelta(minutes=1))
    [told] = doubts.findings(NOW)
    assert told.state == "warn"


def test_what_was_mended_an_hour_ago_is_forgotten():
    doubts = Doubts()
    for minutes in (0, 10, 100):
        doubts.refuse("official", "cipher", NOW + timedelta(minutes=minutes))
    assert "1 次" in next(doubts.findings(NOW + timedelta(minutes=101))).what
    assert list(doubts.findings(NOW + timedelta(hours=3))) == []


def test_what_lies_in_quarantine_is_told_for_a_week():
    counted = {"wecom": (3, NOW - timedelta(days=2)), "official": (9, NOW - timedelta(days=8))}
    [told] = quarantined(counted, NOW, UTC)
    assert (told.check, told.state) == ("wecom_callback", "warn")
    assert "3 条" in told.what


def test_a_clock_that_is_more_than_a_minute_off_is_told_unasked():
    assert list(skewed(59.0)) == []
    assert [one.what for one in skewed(61.0)] == ["系统时间慢 61 秒"]
    assert [one.what for one in skewed(-75.4)] == ["系统时间快 75 秒"]


def test_what_was_stale_before_costs_nothing_again():
    doubts = Doubts()
    assert [doubts.is_new(digest) for digest in ("a", "b", "a")] == [True, True, False]
