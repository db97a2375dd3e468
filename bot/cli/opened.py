"""The database of the settings, opened for one command and closed behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.clock import Clock, FileClock
from bot.settings import Settings, load_settings
from bot.store.engine import Sessions, open_engine
from bot.store.schema import prepare
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Opened:
    settings: Settings
    sessions: Sessions
    vault: Vault
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.zone


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """An empty database gets its tables here; an older one asks for `siyu migrate`."""
    settings = load_settings()
    clock = FileClock(settings.clock_file) if settings.clock_file else Clock()
    engine = open_engine(settings.database_url)
    sessions = Sessions(engine)
    try:
        await prepare(engine)
        yield Opened(settings, sessions, Vault(settings.key), clock.now())
    finally:
        await sessions.close()
