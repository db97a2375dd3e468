"""A rule tried on days gone by: who would have stood elsewhere, and what those people then spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from bot.domain.tier_places import NOWHERE, place_all
from bot.domain.tiering import Habits, Ints, Purchases, habits, measure, score
from bot.domain.tiers import TIERS, TierConfig


@dataclass(frozen=True, slots=True)
class TierOutlook:
    """One tier under the live rule and under the tried one."""

    tier: str
    before: int
    after: int
    joins: int
    leaves: int
    later_before_fen: int
    """What those of the live rule spent in the days that followed."""
    later_after_fen: int
    cost_before_fen: int
    cost_after_fen: int


@dataclass(frozen=True, slots=True)
class TierRehearsal:
    customers: Ints
    before: Ints
    after: Ints
    """Places in `TIERS`, beside the customers."""
    later: Ints
    """Fen, net of refunds, in the days that followed."""
    tiers: tuple[TierOutlook, ...]

    @property
    def moved(self) -> Ints:
        return np.flatnonzero(self.before != self.after)


def rehearse(
    past: Purchases,
    later: Purchases,
    today: int,
    *,
    rules: tuple[TierConfig, TierConfig],
    gifts: Mapping[str, int],
    zone: ZoneInfo,
) -> TierRehearsal:
    """The live rule and the tried one; `gifts` is what one customer of a tier is given, in fen."""
    known = habits(past, zone)
    before, after = (_placed(known, today, rule) for rule in rules)
    spent = _spent(later, known)
    outlooks = []
    for place, name in enumerate(TIERS):
        was, will, gift = before == place, after == place, gifts.get(name, 0)
        outlook = TierOutlook(
            tier=name,
            before=int(was.sum()),
            after=int(will.sum()),
            joins=int((will & ~was).sum()),
            leaves=int((was & ~will).sum()),
            later_before_fen=int(spent[was].sum()),
            later_after_fen=int(spent[will].sum()),
            cost_before_fen=gift * int(was.sum()),
            cost_after_fen=gift * int(will.sum()),
        )
        outlooks.append(outlook)
    return TierRehearsal(known.customer, before, after, spent, tuple(outlooks))


def _placed(known: Habits, today: int, config: TierConfig) -> Ints:
    """As a first run would: what a rule means, without where people stood before."""
    scale = measure(known, config)
    scores = score(known, today, scale)
    nowhere = np.full(len(known.customer), NOWHERE)
    return place_all(known, scores, nowhere, scale, config, today)[0].tier


def _spent(later: Purchases, known: Habits) -> Ints:
    mine = np.isin(later.customer, known.customer)
    who = np.searchsorted(known.customer, later.customer[mine])
    sums = np.bincount(who, later.amount[mine], minlength=len(known.customer))
    return np.maximum(sums, 0).astype(np.int64)
