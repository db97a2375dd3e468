"""Tiers kept in the database: the full run, single customers after an order, and why."""

from __future__ import annotations

from bot.store.tiers.explaining import (
    Explanation,
    explain,
    export_rows,
    moves_at,
    names_of,
    tier_of,
)
from bot.store.tiers.rehearsing import rehearsed
from bot.store.tiers.running import Rerun, refresh, refresh_many, rerun

__all__ = [
    "Explanation",
    "Rerun",
    "explain",
    "export_rows",
    "moves_at",
    "names_of",
    "refresh",
    "refresh_many",
    "rehearsed",
    "rerun",
    "tier_of",
]
