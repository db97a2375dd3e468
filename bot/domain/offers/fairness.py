"""Whether the same goods cost some people more: the law forbids it where nothing but who they are explains it."""

from __future__ import annotations

from collections.abc import Mapping

LOWERS = frozenset({"amount", "percent"})
"""Kinds that change a price; a gift or an access does not."""
NOTICED = 0.05
"""From this share of a tier on, having got a coupon is no accident any more."""


def left_out(kind: str, got: Mapping[str, tuple[int, int]]) -> list[str]:
    """Tiers of whom nobody got what lowers the price, although people of another tier did; (got, people) by tier."""
    if kind not in LOWERS:
        return []
    shares = {tier: have / people for tier, (have, people) in got.items() if people}
    if max(shares.values(), default=0.0) < NOTICED:
        return []
    return [tier for tier, share in shares.items() if not share]
