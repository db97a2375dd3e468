from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from bot.domain.gate import GateFacts, decide
from bot.domain.quotas import Limits, QuietHours, Used, read_limits
from bot.domain.reasons import WORDS

NOON = datetime(2026, 3, 12, 4, tzinfo=UTC)
FINE = GateFacts(channel="wecom", consents={"marketing_wecom": True})
LIMITS = read_limits(
    {
        "platform": [
            {
                "channel": "wecom",
                "valid_from": "2020-01-01",
                "most": 4,
                "per": "month",
                "source": "-",
            },
            {
                "channel": "wecom",
                "valid_from": "2022-06-01",
                "most": "days_of_month",
                "per": "month",
                "source": "-",
            },
        ]
    }
)


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        (None, {}),
        ("kill_switch", {"stop": "kill_switch"}),
        ("no_consent", {"consents": {}}),
        ("opted_out", {"consents": {"marketing_wecom": False}}),
        ("suppressed", {"suppressed": True}),
        ("case_open", {"held": True}),
        ("no_channel", {"channel": None}),
        ("guide_away", {"channel": None, "no_way": "guide_away"}),
        ("clash", {"used": Used(same_day=1)}),
        ("brand_cap", {"used": Used(in_days=1)}),
        ("brand_cap", {"used": Used(in_month=4)}),
        ("platform_quota", {"used": Used(mass_in_month=31)}),
        ("bad_words", {"flaw": "bad_words"}),
        ("out_of_stock", {"offer": "out_of_stock"}),
    ],
)
def test_each_fact_against_it_has_its_own_reason(reason, facts):
    assert decide(replace(FINE, **facts), LIMITS, NOON) == reason
    assert reason is None or reason in WORDS


def test_the_first_reason_in_order_stands():
    everything = replace(
        FINE,
        consents={"marketing_wecom": False},
        suppressed=True,
        held=True,
        channel=None,
        offer="out_of_stock",
    )
    assert decide(everything, LIMITS, NOON) == "opted_out"
    assert (
        decide(replace(everything, consents={"marketing_wecom": True}), LIMITS, NOON)
        == "suppressed"
    )


def test_the_official_account_needs_a_consent_of_its_own():
    assert decide(replace(FINE, channel="official"), LIMITS, NOON) == "no_consent"
    assert decide(replace(FINE, channel="kf"), LIMITS, NOON) is None


def test_a_service_message_needs_no_marketing_consent_and_counts_to_no_brand_cap():
    service = GateFacts(purpose="service", channel="wecom", held=True, used=Used(in_days=5))
    assert decide(service, LIMITS, NOON) is None
    assert decide(replace(service, consents={"service": False}), LIMITS, NOON) == "opted_out"


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("20:59", False),
        ("21:00", True),
        ("23:59", True),
        ("00:00", True),
        ("08:59", True),
        ("09:00", False),
    ],
)
def test_quiet_hours_cross_midnight(local, quiet):
    at = datetime.fromisoformat(f"2026-03-12T{local}:00+08:00")
    assert QuietHours().covers(at) is quiet


def test_quiet_hours_end_on_the_right_day():
    hours = QuietHours()
    evening = datetime.fromisoformat("2026-03-12T22:00:00+08:00")
    night = datetime.fromisoformat("2026-03-13T02:00:00+08:00")
    morning = datetime.fromisoformat("2026-03-13T09:00:00+08:00")
    assert (
        hours.next_open(evening) == hours.next_open(night) == hours.next_open(morning) == morning
    )


@pytest.mark.parametrize(
    "hours",
    [
        QuietHours(zone="Mars/Olympus"),
        QuietHours(zone=""),
        QuietHours(begins=time(9), ends=time(9)),
    ],
)
def test_hours_that_nobody_can_read_are_always_quiet(hours):
    assert decide(FINE, Limits(quiet_hours=hours), NOON) == "quiet_hours"
    assert hours.next_open(NOON) > NOON


def test_the_platforms_quota_is_the_one_that_holds_on_that_day():
    assert LIMITS.mass_per_month(datetime(2021, 3, 1, tzinfo=UTC)) == 4
    assert LIMITS.mass_per_month(datetime(2026, 2, 10, tzinfo=UTC)) == 28
    assert Limits().mass_per_month(NOON) == 4
