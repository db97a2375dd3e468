"""The promises of a month: the sandbox's log held against the database, by code that shares nothing with the bot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from bot.demo.check import arrived, chains, conduct, consent, groups, inside, limits, money
from bot.demo.check.evidence import Evidence, Row, Verdict, read_log

__all__ = ["PROMISES", "Evidence", "Row", "Verdict", "check", "read_log"]

PROMISES: dict[str, Callable[[Evidence], Verdict]] = {
    "no_touch_lost": arrived.no_touch_lost,
    "no_touch_doubled": arrived.no_touch_doubled,
    "delivered_is_arrived": arrived.delivered_is_arrived,
    "quotas_kept": limits.quotas_kept,
    "windows_kept": limits.windows_kept,
    "quiet_hours_kept": limits.quiet_hours_kept,
    "opted_out_left_alone": consent.opted_out_left_alone,
    "marketing_has_consent": consent.marketing_has_consent,
    "coupons_within_budget": money.coupons_within_budget,
    "coupons_redeemed_once": money.coupons_redeemed_once,
    "points_are_their_ledger": money.points_are_their_ledger,
    "acknowledged_is_handled": inside.acknowledged_is_handled,
    "nothing_parked": inside.nothing_parked,
    "welcome_in_time": conduct.welcome_in_time,
    "cases_on_time": conduct.cases_on_time,
    "tokens_fetched_once": conduct.tokens_fetched_once,
    "invited_once": groups.invited_once,
    "groups_within_capacity": groups.groups_within_capacity,
    "audit_chain_holds": chains.audit_chain_holds,
    "consent_chain_holds": chains.consent_chain_holds,
}
"""By name; the names are keys of the report and stay."""


def check(database: Path, log: Iterable[Row]) -> dict[str, Verdict]:
    """Every promise with what broke it; nothing where it was kept."""
    with Evidence(database, log) as evidence:
        return {name: promise(evidence) for name, promise in PROMISES.items()}
