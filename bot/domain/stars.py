"""Star level: how often she buys, how much, and how well we know what she likes; each measure earns points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.tongue import _

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stars:
    """The table, as `content/tiers.yaml` may set it."""

    frequency: tuple[int, ...] = (2, 4, 8)
    """Purchase days; reaching each earns a point."""
    amount: tuple[int, ...] = (50_000, 200_000, 500_000)
    """Fen, net of refunds."""
    interest: tuple[int, ...] = (1, 2, 4)
    """Known interests: her tags in the group below."""
    steps: tuple[int, ...] = (2, 4, 6, 8)
    """Points for two stars, three, four, five."""
    group: str = "兴趣"

    def level(self, days: Ints, amount: Ints, interests: Ints) -> Ints:
        points = sum(
            np.searchsorted(np.array(cuts), values, side="right")
            for cuts, values in (
                (self.frequency, days),
                (self.amount, amount),
                (self.interest, interests),
            )
        )
        return 1 + np.searchsorted(np.array(self.steps), points, side="right")

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Stars:
        return cls(**nested(cls, "stars", written))


def nested(table: type[Any], name: str, written: object) -> dict[str, Any]:
    """The parts of one table of tiers.yaml. Raises ValueError or TypeError naming the first that cannot be used."""
    if not isinstance(written, Mapping):
        raise TypeError(f"tiers.yaml 的「{name}」要写成“名字: 值”")
    known = {field.name: type(field.default) for field in fields(table)}
    found: dict[str, Any] = {}
    for key, value in written.items():
        if key not in known:
            raise ValueError(_("tiers.yaml 不认识「%(name)s」", name=f"{name}.{key}"))
        if not _fits(known[key], value):
            raise ValueError(
                _(
                    "tiers.yaml 的「%(name)s」写得不对，照着样例写从小到大的整数",
                    name=f"{name}.{key}",
                )
            )
        found[key] = tuple(value) if known[key] is tuple else value
    return found


def _fits(kind: type[Any], value: object) -> bool:
    if kind is tuple:
        whole = isinstance(value, list | tuple) and all(type(one) is int for one in value)
        return whole and bool(value) and sorted(value) == list(value)  # type: ignore[call-overload]
    return type(value) is kind and (kind is not int or value >= 0)  # type: ignore[operator]
