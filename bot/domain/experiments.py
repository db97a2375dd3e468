"""Lift: what customers who were written to bought more than those kept out on purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054
BUCKETS = 10_000


def in_holdout(seed: str, customer_id: int, percent: float) -> bool:
    """The same lot for the same seed and customer, on every machine and database."""
    digest = hashlib.sha256(f"{seed}:{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS < percent * (BUCKETS // 100)


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
    spread = sqrt(sum(w**2 * (t.variance / t.n + h.variance / h.n) for w, (t, h) in pairs))
    difference = treated_mean - holdout_mean
    return Lift(
        treated_mean,
        holdout_mean,
        difference - Z95 * spread,
        difference + Z95 * spread,
        sum(treated.n for treated, _ in usable),
        sum(kept.n for _, kept in usable),
    )
