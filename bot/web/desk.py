"""What the pages and the API may use: the front desk of the house."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.events import Event
from bot.events.commands import Actor, Command
from bot.inbound import commands
from bot.inbound.dispatch import Dispatcher
from bot.inbound.intake import Intake
from bot.inbound.turn import Reply
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.query import no_skew
from bot.platforms.wecom.callback import WecomCallbacks
from bot.store import tasks
from bot.store.inbox import Arrival
from bot.work.context import Work


@dataclass(frozen=True, slots=True)
class Desk:
    work: Work
    intake: Intake
    dispatcher: Dispatcher
    wecom: WecomCallbacks | None
    official: OfficialCallbacks | None
    nudge: Callable[[], None]
    """Say in this process that work was asked for."""
    skew: Callable[[], float] = no_skew
    """Seconds by which the platforms' clock is ahead of ours, as this process last heard."""
    version: str = ""
    sandbox_url: str = ""
    """The control API of the sandbox, when this shop plays in one; the `/sandbox` page is its client."""
    open_doors: bool = False
    """Demo only: whoever comes without a session gets the one that belongs to the face."""
    under_way: set[str] = field(default_factory=set)
    """Actor and key of each act that a program asked for and that is not answered yet."""
    first_key: str = field(default_factory=secrets.token_urlsafe)
    """Lets the first owner in while there is nobody."""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this process was told to stop: it is no longer ready, finishes what it has and goes."""

    @property
    def plays(self) -> bool:
        """The customers are a sandbox's. Production has none, whatever the settings name."""
        return bool(self.sandbox_url) and not self.work.settings.production

    @property
    def in_demo(self) -> bool:
        return self.plays and self.open_doors

    async def do(self, command: Command, *, waits: bool = True) -> dict[str, Any]:
        """Perform a person's act; a second click waits for the first one's answer. Raises Refusal."""
        now = self.work.now()
        answer = await commands.do(self.dispatcher, self.work.sessions, command, now, waits=waits)
        self.nudge()
        return answer

    async def answer_now(self, arrival: Arrival) -> Reply | None:
        """Handle one kept event before its answer, for those that are owed a passive reply."""
        result = await self.dispatcher.answer(self.work.sessions, arrival, self.work.now())
        self.nudge()
        return result if isinstance(result, Reply) else None

    async def say_later(self, event: Event, reply: Reply, digest: str) -> None:
        """The platform has hung up: the reply goes as a message."""
        now = self.work.now()
        async with self.work.sessions.begin() as session:
            await self.dispatcher.say_later(session, event, reply, key=digest, now=now)
            await tasks.ask(session, tasks.PAY)
        self.nudge()


DESK = web.AppKey("desk", Desk)
ACTOR = web.RequestKey("actor", Actor)
SCOPE = web.RequestKey("scope", str)
"""How far the actor's right reaches: A all, S own store, O own customers."""
KEY: web.RequestKey[tuple[str, ...]] = web.RequestKey("key", tuple)
"""The scopes of the API key that asks; absent for people and for tills."""
CSRF = web.RequestKey("csrf", str)
