"""The bot as tests meet it: real handlers, real SQL, a fake only where the platforms begin."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import events, timetable
from bot.calls import Call
from bot.clock import Clock, ManualClock
from bot.content import Content
from bot.events.commands import Command
from bot.inbound import commands
from bot.inbound.dispatch import BATCH, Dispatcher, Parser
from bot.inbound.turn import Reply
from bot.outbound.sender import Sender
from bot.settings import Settings
from bot.store import inbox
from bot.store.engine import Sessions
from bot.store.inbox import Arrival
from bot.store.vault import Vault
from bot.work.context import Work
from handlers import ROUTERS
from tests.fakes import FakePlatform

assert timetable.SETTLERS  # every room that hears what became of calls is there to hear it
START = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
"""Thursday 10:24 in Shanghai: shops are open, nobody sleeps."""
TYPED: dict[str, Parser] = {"event": lambda body, _heard_at: events.load(json.loads(body))}


class Bot:
    def __init__(
        self,
        sessions: Sessions,
        content: Content,
        settings: Settings,
        *,
        clock: Clock | None = None,
        platform: Any = None,
        parsers: Mapping[str, Parser] = TYPED,
    ) -> None:
        self.sessions = sessions
        self.content = content
        self.settings = settings
        self.clock: Any = clock or ManualClock(START)
        self.vault = Vault(settings.key)
        self.platform = platform or FakePlatform()
        self.bugs: list[Exception] = []
        self.replies: list[Reply] = []
        self.work = Work(sessions, self.vault, content, self.clock, self.platform, settings)
        self.dispatcher = Dispatcher(
            routers=ROUTERS,
            parsers=parsers,
            vault=self.vault,
            content=content,
            settings=settings,
            alarm=self.bugs.append,
        )
        self.sender = Sender(self.work, owner="test", alarm=self.bugs.append)
        self._keys = count(1)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A committed look into, or change of, the database."""
        async with self.sessions.begin() as session:
            yield session

    async def receives(self, *received: events.Event) -> Reply | None:
        """Keep and handle these events; a handler's bug fails the test. The last one's passive reply."""
        reply = None
        for event in received:
            arrival = Arrival("event", json.dumps(events.dump(event)).encode())
            async with self.sessions.begin() as session:
                await inbox.keep(session, self.vault, [arrival], now=self.now)
            async with self.sessions.begin() as session:
                kept = await inbox.waiting(session, limit=BATCH, until=arrival)
                result = (
                    await self.dispatcher.handle(session, kept[-1], self.now) if kept else None
                )
            if self.bugs:
                raise self.bugs[0]
            reply = result if isinstance(result, Reply) else None
        return reply

    async def does(self, command: Command) -> dict[str, Any]:
        """Perform a person's act; refusals are raised."""
        return await commands.do(self.dispatcher, self.sessions, command, self.now)

    async def sends(self) -> list[Call]:
        """Pay what is due now, and what that made due, and return the calls that were made."""
        before = len(self.platform.performed)
        for _ in range(50):
            if not await self.sender.pay():
                break
        if self.bugs:
            raise self.bugs[0]
        return list(self.platform.performed[before:])

    async def publishes(self) -> None:
        """Make all that ships the published versions, as a start of the bot does."""
        await timetable.publish(self.work)

    async def works(self, *ticks: Callable[[Work], Awaitable[object]]) -> None:
        """Run these pieces of periodic work once each."""
        for tick in ticks:
            await tick(self.work)

    def key(self) -> str:
        return f"k{next(self._keys)}"
