"""What a reconciliation found: how much of what was where, what was mended, and what could not be asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.domain.drift import Where

SHOWN = 5
"""Examples kept of each kind: platform ids, never names."""


@dataclass(slots=True)
class Drift:
    found: int = 0
    repaired: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the platform did not tell: nothing is concluded from its silence."""

    what: str
    why: str
    code: int = 0


@dataclass(slots=True)
class Report:
    dry: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    """By kind of thing, how many the platform has."""
    drift: dict[tuple[str, Where], Drift] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def saw(self, what: str, where: Where, which: str, *, repaired: bool) -> None:
        drift = self.drift.setdefault((what, where), Drift())
        drift.found += 1
        drift.repaired += repaired
        if len(drift.examples) < SHOWN:
            drift.examples.append(which)

    @property
    def found(self) -> int:
        return sum(drift.found for drift in self.drift.values())

    @property
    def repaired(self) -> int:
        return sum(drift.repaired for drift in self.drift.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry,
            "found": self.found,
            "repaired": self.repaired,
            "drift": [
                {
                    "what": what,
                    "where": where,
                    "found": drift.found,
                    "repaired": drift.repaired,
                    "examples": drift.examples,
                }
                for (what, where), drift in self.drift.items()
            ],
            "compared": dict(self.compared),
            "not_compared": [
                {"what": gap.what, "why": gap.why, "code": gap.code} for gap in self.gaps
            ],
            "calls": {"total": self.calls.total(), **self.calls},
        }
