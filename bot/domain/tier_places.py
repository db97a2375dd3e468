"""From scores to tiers: bands of the ranking with hysteresis, shares of value, RFM cells and reasons in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np

from bot.domain.tiering import Bools, Floats, Habits, Ints, Scale, Scores
from bot.domain.tiers import SHARES, TIERS, TierConfig

CORE, UPPER, LOWER, ASLEEP = range(len(TIERS))
NOWHERE = -1
"""The place of a customer who had no tier before."""
STEPS = 401
QUINTILES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Places:
    """Per customer, in the order of the habits; tiers and shares as places in their tables of names."""

    tier: Ints
    share: Ints
    rank: Floats
    recency: Ints
    frequency: Ints
    monetary: Ints


def place_all(
    known: Habits, scores: Scores, before: Ints, scale: Scale, config: TierConfig, today: int
) -> tuple[Places, Scale]:
    """Everybody's place, and the scale by which single customers are placed until the next time."""
    dearness = np.zeros(len(known.customer)) if scores.dearness is None else scores.dearness
    order = np.lexsort((known.customer, -known.last, -dearness, -scores.value))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order)) / max(len(order), 1)
    core, asleep = _core(rank, before, config), _asleep(scores, config)
    rest = ~core & ~asleep
    among = np.zeros(len(order))
    among[order[rest[order]]] = np.arange(rest.sum()) / max(int(rest.sum()), 1)
    rfm = _rfm(known, today, config)
    scale = replace(
        scale,
        values=_steps(scores.value),
        rest=_steps(scores.value[rest]),
        shares=_share_cuts(scores.value[order], config),
        recency=config.rfm.recency or _cuts(rfm.recency),
        frequency=config.rfm.frequency or _cuts(rfm.frequency),
        monetary=config.rfm.monetary or _cuts(rfm.monetary),
    )
    tier = np.where(core, CORE, np.where(asleep, ASLEEP, _halves(among, before, config)))
    return _places(scores, tier, rank, scale, rfm), scale


def tied(scores: Scores) -> Ints:
    """Places of those whose V somebody else has as well."""
    _, place, count = np.unique(scores.value, return_inverse=True, return_counts=True)
    return np.flatnonzero(count[place] > 1)


def place_some(
    known: Habits, scores: Scores, before: Ints, scale: Scale, config: TierConfig, today: int
) -> Places:
    """A few customers' places, by the cuts of the last full run."""
    rank = _rank_in(scores.value, scale.values)
    among = _rank_in(scores.value, scale.rest)
    core, asleep = _core(rank, before, config), _asleep(scores, config)
    tier = np.where(core, CORE, np.where(asleep, ASLEEP, _halves(among, before, config)))
    return _places(scores, tier, rank, scale, _rfm(known, today, config))


def reason(tier: int, rank: float, *, idle: int, gap: float, days: int) -> str:
    """Why this tier, for people."""
    seen = _seen(idle, quiet=idle > gap)
    usual = _usual(max(round(gap), 1) if days > 1 else 0)
    return f"{seen}，{usual}" if tier == ASLEEP else f"{_front(ceil(rank * 100))}，{seen}，{usual}"


@lru_cache(maxsize=8192)
def _seen(idle: int, *, quiet: bool) -> str:
    if quiet:
        return f"已 {idle} 天没买"
    return f"{idle} 天前买过" if idle > 0 else "今天买过"


@lru_cache(maxsize=8192)
def _usual(gap: int) -> str:
    return f"平时 {gap} 天一次" if gap else "只买过一次"


@lru_cache(maxsize=8192)
def _front(percent: int) -> str:
    return f"价值排在前 {max(percent, 1)}%"


def _core(rank: Floats, before: Ints, config: TierConfig) -> Bools:
    found: Bools = rank < np.where(before == CORE, config.core + config.keep, config.core)
    return found


def _asleep(scores: Scores, config: TierConfig) -> Bools:
    quiet = (scores.overdue > config.asleep_overdue) & (scores.activity < config.asleep_activity)
    found: Bools = quiet | (scores.overdue > config.asleep_anyway)
    return found


def _halves(among: Floats, before: Ints, config: TierConfig) -> Ints:
    leaning = np.where(before == UPPER, config.keep, np.where(before == LOWER, -config.keep, 0.0))
    return np.where(among < config.upper + leaning, UPPER, LOWER)


class _Rfm(NamedTuple):
    recency: Ints
    frequency: Ints
    monetary: Ints


def _rfm(known: Habits, today: int, config: TierConfig) -> _Rfm:
    """Days since the last purchase; purchase days and money, of late if the shop says what that is."""
    recency = today - known.last
    if not config.rfm.days:
        return _Rfm(recency, known.days, known.amount)
    late, size = known.day >= today - config.rfm.days, len(known.customer)
    money = np.bincount(known.who[late], known.net[late], minlength=size)
    visits = np.bincount(known.who[late & known.visit], minlength=size)
    return _Rfm(recency, visits.astype(np.int64), money.round().astype(np.int64))


def _places(scores: Scores, tier: Ints, rank: Floats, scale: Scale, rfm: _Rfm) -> Places:
    head, waist = scale.shares
    share = np.where(scores.value >= head, 0, np.where(scores.value >= waist, 1, len(SHARES) - 1))
    return Places(
        tier=tier,
        share=share,
        rank=rank,
        recency=6 - _cell(rfm.recency, scale.recency),
        frequency=_cell(rfm.frequency, scale.frequency),
        monetary=_cell(rfm.monetary, scale.monetary),
    )


def _steps(values: Floats) -> tuple[float, ...]:
    if not len(values):
        return ()
    best_first = np.sort(values)[::-1]
    at = np.linspace(0, len(values) - 1, STEPS).round().astype(np.int64)
    return tuple(best_first[at].tolist())


def _rank_in(values: Floats, steps: tuple[float, ...]) -> Floats:
    if not steps:
        return np.zeros(len(values))
    return np.interp(-values, -np.array(steps), np.linspace(0, 1, len(steps)))


def _share_cuts(best_first: Floats, config: TierConfig) -> tuple[float, float]:
    """The lowest V inside the head's and the waist's share of all value."""
    if not len(best_first):
        return 0.0, 0.0
    held = np.cumsum(best_first)
    before = np.r_[0.0, held[:-1]] / held[-1]
    heads = int((before < config.head).sum())
    waists = int((before < config.head + config.waist).sum())
    return float(best_first[max(heads, 1) - 1]), float(best_first[max(waists, 1) - 1])


def _cuts(values: Ints) -> tuple[float, ...]:
    # Cut points, not ntile: equal customers stay in one cell, and unchanged data stays unchanged.
    return tuple(np.quantile(values, QUINTILES).tolist()) if len(values) else (0.0,) * 4


def _cell(values: Ints, cuts: tuple[float, ...]) -> Ints:
    return np.searchsorted(np.array(cuts), values, side="left") + 1
