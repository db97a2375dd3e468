"""What a person wants of a campaign beyond its words and its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    metric: str = "revenue"
    hypothesis: str = ""
    stop_when: dict[str, Any] = field(default_factory=dict)
    """When it halts by itself; what is left out is as usual."""
    budget_fen: int | None = None
    canary_percent: int = 0
    """So many go a day ahead."""
    rivals: tuple[str, ...] = ()
    """Templates that are tried against its own."""
    holdout_by: str = "customer"
