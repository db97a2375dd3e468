"""Influence: whom a customer brought and which groups she stays in. An axis of its own: money plays no part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.stars import nested

SHARED = "share-"
"""The state of a contact way that a customer passes on is this and her reference."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What earns influence, as `content/tiers.yaml` may set it."""

    friend: int = 5
    """For each friend who came by her code and stayed."""
    buying_friend: int = 5
    """More, once that friend bought."""
    group: int = 2
    """For each group chat she has been in long enough."""
    group_days: int = 30
    most_groups: int = 5
    koc: int = 60
    """From here on she is called a KOC."""

    def score(self, friends: int, buying: int, groups: int) -> int:
        kept = min(groups, self.most_groups)
        return friends * self.friend + buying * self.buying_friend + kept * self.group

    def words(self, friends: int, buying: int, groups: int) -> str:
        told = [f"带来 {friends} 位朋友"] if friends else []
        told += [f"其中 {buying} 位买过"] if buying else []
        told += [f"在 {groups} 个群里待满 {self.group_days} 天"] if groups else []
        return "，".join(told) or "还没有带来朋友，也没有常在的群"

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Influence:
        return cls(**nested(cls, "influence", written))
