"""What a campaign is meant to change, and when it does more harm than that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

METRICS = {"revenue": "人均净销售额", "orders": "下单的人"}
"""What can be compared with those kept out; openings and redemptions cannot, since they got nothing to open."""
UNITS = {"customer": "一位一位地抽", "guide": "整位导购的顾客一起抽"}
"""By whom the holdout is drawn: by guide where her tap or her talk would reach those kept out as well."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What became of those who were reached."""

    reached: int = 0
    opted_out: int = 0
    complained: int = 0


@dataclass(frozen=True, slots=True)
class StopRule:
    """A campaign halts by itself when, after `least` people, more than so many per cent of them turn away."""

    least: int = 50
    opted_out_percent: float = 5.0
    complained_percent: float = 3.0

    @classmethod
    def read(cls, said: dict[str, Any] | None) -> Self:
        """Raises TypeError or ValueError for what is no rule."""
        rule = cls(**(said or {}))
        if min(rule.least, rule.opted_out_percent, rule.complained_percent) <= 0:
            raise ValueError("a stop rule counts upwards from more than nothing")
        return rule

    def broken(self, harm: Harm) -> bool:
        if harm.reached < self.least:
            return False
        return (
            harm.opted_out * 100 > self.opted_out_percent * harm.reached
            or harm.complained * 100 > self.complained_percent * harm.reached
        )
