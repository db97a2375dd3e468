"""The one ordered decision whether a touch may go: a pure function, asked at plan time and right before the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.channels import CONSENT, may_carry
from bot.domain.quotas import Limits, Used
from bot.domain.topics import off


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """What the gate must know about one message to one customer by one channel."""

    purpose: str = "marketing"
    channel: str | None = None
    """None when there is no way; then `no_way` says why."""
    no_way: str = "no_channel"
    stop: str | None = None
    """kill_switch, paused, stopped or campaign_over."""
    consents: Mapping[str, bool] = field(default_factory=dict)
    """Per purpose; absent means she was never asked."""
    topic: str | None = None
    """What it is about, as `bot.domain.topics`; None is nothing that can be turned off."""
    quiet_until: int | None = None
    """The hour before which she wants nothing, where she chose one."""
    suppressed: bool = False
    held: bool = False
    kept_out: bool = False
    """She belongs to those whom no campaign writes to, to measure all of them."""
    used: Used = field(default_factory=Used)
    flaw: str | None = None
    """What is wrong with the words: missing_fact, bad_words or too_long."""
    weary: bool = False
    """The last messages she got were all offers, and this is one more."""
    offer: str | None = None
    """Why the offer cannot be given."""

    @property
    def marketing(self) -> bool:
        return self.purpose == "marketing"


def decide(facts: GateFacts, limits: Limits, now: datetime) -> str | None:
    """The first reason against it, or None when it may go."""
    for rule in RULES:
        if reason := rule(facts, limits, now):
            return reason
    return None


Rule = Callable[[GateFacts, Limits, datetime], str | None]


def _stop(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return facts.stop


def _consent(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    needed = CONSENT.get(facts.channel or "wecom", "marketing_wecom")
    granted = facts.consents.get(needed if facts.marketing else "service")
    if granted is None:
        return "no_consent" if facts.marketing else None
    return None if granted else "opted_out"


def _topic(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return "topic_off" if facts.marketing and off(facts.consents, facts.topic) else None


def _suppression(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return "suppressed" if facts.suppressed else None


def _hold(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return "case_open" if facts.held and facts.marketing else None


def _kept_out(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return "house_holdout" if facts.kept_out and facts.marketing else None


def _hours(_facts: GateFacts, limits: Limits, now: datetime) -> str | None:
    return "quiet_hours" if limits.quiet_hours.covers(now) else None


def _her_hours(facts: GateFacts, limits: Limits, now: datetime) -> str | None:
    if facts.quiet_until is None or not facts.marketing:
        return None
    return "her_hours" if limits.quiet_hours.until(facts.quiet_until).covers(now) else None


def _way(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return facts.no_way if facts.channel is None else None


def _service_only(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return None if may_carry(facts.channel, facts.purpose) else "service_only"


def _caps(facts: GateFacts, limits: Limits, now: datetime) -> str | None:
    used, brand = facts.used, limits.brand
    if facts.channel == "wecom" and used.mass_in_month >= limits.mass_per_month(now):
        return "platform_quota"
    if not facts.marketing:
        return None
    if used.same_day:
        return "clash"
    if used.in_days >= brand.most_in_days or used.in_month >= brand.most_in_month:
        return "brand_cap"
    return "promo_in_a_row" if facts.weary else None


def _lint(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return facts.flaw


def _stock(facts: GateFacts, _limits: Limits, _now: datetime) -> str | None:
    return facts.offer


RULES: tuple[Rule, ...] = (
    _stop,
    _consent,
    _topic,
    _suppression,
    _hold,
    _kept_out,
    _hours,
    _her_hours,
    _way,
    _service_only,
    _caps,
    _lint,
    _stock,
)
