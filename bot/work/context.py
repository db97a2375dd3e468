"""What work needs to be done outside of a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import Clock
from bot.content import Content
from bot.platforms.outward import Outward, Poster
from bot.platforms.port import Platform
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Work:
    sessions: Sessions
    vault: Vault
    content: Content
    clock: Clock
    platform: Platform
    settings: Settings
    outward: Poster = field(default_factory=Outward)

    def now(self) -> datetime:
        return self.clock.now()
