"""What the pages and the API may use: the front desk of the house."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.events.commands import Actor, Command
from bot.inbound import commands
from bot.inbound.dispatch import Dispatcher
from bot.inbound.intake import Intake
from bot.inbound.turn import Reply
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.wecom.callback import WecomCallbacks
from bot.store import inbox, tasks
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
    version: str = ""
    sandbox_url: str = ""
    """The control API of the sandbox, when this shop plays in one; the `/sandbox` page is its client."""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this process was told to stop: it is no longer ready, finishes what it has and goes."""

    async def do(self, command: Command) -> dict[str, Any]:
        """Perform a person's act. Raises Refusal."""
        answer = await commands.do(self.dispatcher, self.work.sessions, command, self.work.now())
        self.nudge()
        return answer

    async def answer_now(self, digest: str) -> Reply | None:
        """Handle one kept event before its answer, for those that are owed a passive reply."""
        async with self.work.sessions.begin() as session:
            kept = await inbox.by_digest(session, digest)
            if kept is None:
                return None
            result = await self.dispatcher.handle(session, kept, self.work.now())
            await tasks.ask(session, tasks.PAY)
        self.nudge()
        return result if isinstance(result, Reply) else None


DESK = web.AppKey("desk", Desk)
ACTOR = web.RequestKey("actor", Actor)
SCOPE = web.RequestKey("scope", str)
"""How far the actor's right reaches: A all, S own store, O own customers."""
CSRF = web.RequestKey("csrf", str)
