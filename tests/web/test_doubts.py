"""What is told of callbacks that nobody believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.web.doubts import Doubts

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
