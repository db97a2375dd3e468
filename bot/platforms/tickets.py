"""JS-SDK tickets: asked for rarely (the platforms count), kept until shortly before they end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.calls import Outcome, Sent
from bot.clock import Clock


class Tickets:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[Sent, datetime]] = {}
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, name: str, ask: Callable[[], Awaitable[Outcome]]) -> Outcome:
        async with self._busy[name]:
            kept = self._kept.get(name)
            if kept and self._clock.now() < kept[1]:
                return kept[0]
            became = await ask()
            if isinstance(became, Sent):
                self._kept[name] = (became, self._clock.now() + _life(became))
            return became


def _life(ticket: Sent) -> timedelta:
    seconds = ticket.answer.get("expires_in")
    return timedelta(seconds=max(0, seconds - 300) if isinstance(seconds, int) else 0)
