"""Lift: what customers who were written to bought more than those kept out on purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054
BUCKETS = 10_000


def in_holdout(seed: str, who: int | str, percent: float) -> bool:
    """The same lot for the same seed and customer, on every machine and database."""
    return _lot(seed, who) % BUCKETS < percent * (BUCKETS // 100)


def arm_of(seed: str, who: int | str, arms: int) -> int:
    """Which of so many arms, all of one size."""
    return _lot(f"{seed}:arm", who) % arms


def _lot(seed: str, who: int | str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{who}".encode()).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Arm:
    """Revenue of one arm of one experiment, in fen, as sums: nothing per customer is needed."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        if self.n < 2:
            return 0.0
        return max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1))


def sum_of(arms: Iterable[Arm]) -> Arm:
    """Arms that were drawn person by person, as one."""
    parts = list(arms)
    return Arm(
        sum(arm.n for arm in parts),
        sum(arm.total for arm in parts),
        sum(arm.squares for arm in parts),
    )


def clustered(clusters: Iterable[tuple[int, float]]) -> Arm:
    """One arm drawn in whole clusters of (people, fen): the people of one guide are alike, so it is guides that
    are counted. Few of them make the interval as wide as Student's."""
    known = [(n, total) for n, total in clusters if n]
    people, fen = sum(n for n, _ in known), sum(total for _, total in known)
    if len(known) < 2:
        return Arm(min(people, 1), fen, 0.0)
    freedom = len(known) - 1
    mean = fen / people
    around = sum((total - mean * n) ** 2 for n, total in known) * len(known) / freedom
    variance = around / people * (1 + (Z95**2 + 1) / (4 * freedom)) ** 2
    return Arm(people, fen, variance * (people - 1) + fen**2 / people)


@dataclass(frozen=True, slots=True)
class Lift:
    """Fen per customer; the true difference lies between `low` and `high` in 95 of 100 cases."""

    treated: float
    holdout: float
    low: float
    high: float
    n_treated: int
    n_holdout: int

    @property
    def difference(self) -> float:
        return self.treated - self.holdout


def lift(experiments: Iterable[tuple[Arm, Arm]]) -> Lift:
    """Treated against holdout, each experiment compared within itself (Welch) and weighted by its size:
    pooling them would compare the customers of one campaign with those of another."""
    usable = [(treated, kept) for treated, kept in experiments if treated.n > 1 and kept.n > 1]
    everyone = sum(treated.n + kept.n for treated, kept in usable)
    if not everyone:
        return Lift(0.0, 0.0, 0.0, 0.0, 0, 0)
    weights = [(treated.n + kept.n) / everyone for treated, kept in usable]
    pairs = list(zip(weights, usable, strict=True))
    treated_mean = sum(w * treated.mean for w, (treated, _) in pairs)
    holdout_mean = sum(w * kept.mean for w, (_, kept) in pairs)
    spread = sqrt(sum(w**2 * _uncertainty(treated, kept) for w, (treated, kept) in pairs))
    difference = treated_mean - holdout_mean
    return Lift(
        treated_mean,
        holdout_mean,
        difference - Z95 * spread,
        difference + Z95 * spread,
        sum(treated.n for treated, _ in usable),
        sum(kept.n for _, kept in usable),
    )


def _uncertainty(treated: Arm, kept: Arm) -> float:
    """The variance of the difference. Purchases are skewed: a small arm that happened to miss the big ones looks both
    poorer and steadier than it is, so no arm counts as steadier than both together."""
    freedom = treated.n + kept.n - 2
    both = ((treated.n - 1) * treated.variance + (kept.n - 1) * kept.variance) / freedom
    return sum(max(arm.variance, both) / arm.n for arm in (treated, kept))
