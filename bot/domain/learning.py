"""A linear model of texts, by least squares over sparse rows. No dice, no BLAS: the same rows teach the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
ENOUGH = 1e-3
"""An error this small beside the first one teaches nothing more."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts as sparse rows: row i holds `values` at `columns` from starts[i] to starts[i + 1], and no row is empty."""

    columns: Indices
    values: Floats
    starts: Indices
    width: int

    def times(self, weights: Floats) -> Floats:
        met = np.take(weights, self.columns, axis=0)
        met *= self.values[:, None]
        return np.add.reduceat(met, self.starts[:-1])

    def turned(self) -> Rows:
        """Columns as rows."""
        lengths = np.diff(self.starts)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        order = np.argsort(self.columns, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.columns, minlength=self.width))])
        return Rows(owner[order], self.values[order], starts, len(lengths))


def learn(rows: Rows, targets: Floats, *, doubt: float, counts: Floats, steps: int) -> Floats:
    """The weights (column x target) that come nearest to the targets, by conjugate gradients.

    `doubt` pulls weights towards nothing; `counts` says how much each row matters.
    """
    columns, share = rows.turned(), counts[:, None]
    weights = np.zeros((rows.width, targets.shape[1]), dtype=np.float32)
    error = columns.times(targets * share)
    way, left = error.copy(), _products(error, error)
    first = left.copy()
    for _ in range(steps):
        pushed = columns.times(rows.times(way) * share) + np.float32(doubt) * way
        stride = left / np.maximum(_products(way, pushed), np.float32(1e-12))
        weights += stride * way
        error -= stride * pushed
        before, left = left, _products(error, error)
        if bool((left <= ENOUGH**2 * first).all()):
            break
        growth = (left / np.maximum(before, np.float32(1e-12))).astype(np.float32)
        way = error + growth * way
    return weights


def _products(one: Floats, other: Floats) -> Floats:
    """Column by column."""
    summed: Floats = (one * other).sum(axis=0, dtype=np.float32)
    return summed
