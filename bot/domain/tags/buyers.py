"""Purchase rules over everybody's orders at once, as columns: who holds a tag, and by how many orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.domain.tags.rules import Bought, PriceBand

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Sum = Callable[[str], NDArray[Any]]


def windows(rules: tuple[Bought, ...]) -> list[int]:
    """How many days back the rules look, the shortest first."""
    return sorted({rule.within_days for rule in rules if rule.within_days is not None})


def shows(place: int) -> str:
    """The column that says of each order whether it shows the habit of this rule."""
    return f"shows_{place}"


@dataclass(frozen=True, slots=True)
class Bills:
    """Orders that stand, one place for each: `customer`, `age`, and what the rules look at besides. `age` counts the
    windows that do not reach back to it."""

    rules: tuple[Bought, ...]
    columns: Mapping[str, Ints]
    kinds: Mapping[str, Ints]
    """Category → the places of orders with something of it."""

    def holders(self, place: int, category: str | None) -> tuple[Ints, Ints]:
        """Whose buying fits the rule at this place of the rules, and by how many orders; of a category or of all."""
        rule, columns = self.rules[place], self.columns
        rows: Ints | slice = slice(None)
        if category is not None:
            rows = self.kinds.get(category, np.empty(0, np.int64))
        if rule.within_days is not None:
            inside = columns["age"][rows] <= windows(self.rules).index(rule.within_days)
            rows = np.flatnonzero(inside) if isinstance(rows, slice) else rows[inside]
        who = columns["customer"][rows]
        number = np.bincount(who)
        enough = _enough(rule, place, number, lambda name: np.bincount(who, columns[name][rows]))
        found = np.flatnonzero((number > 0) & enough)
        return found, number[found]


def _enough(rule: Bought, place: int, number: Ints, sum_of: Sum) -> Bools | bool:
    if rule.price is not None:
        return _in_band(rule.price, number, sum_of)
    if habit := rule.habit:
        share: Bools = sum_of(shows(place)) >= habit.share * number
        return (number >= habit.orders) & share
    if rule.orders is None:
        return True
    most = True if rule.orders.most is None else number <= rule.orders.most
    return (number >= rule.orders.least) & most


def _in_band(band: PriceBand, number: Ints, sum_of: Sum) -> Bools:
    """Of her average order; or of what she pays, order by order, beside what such things usually cost."""
    if band.of == "category":
        spent, unit = sum_of("compared") * 100, sum_of("usual")
    else:
        spent, unit = sum_of("net"), number
    cheap = True if band.below is None else spent < band.below * unit
    found: Bools = (unit > 0) & (spent >= band.from_ * unit) & cheap
    return found
