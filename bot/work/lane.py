"""One kind of work in this process: a few loops at once, and nobody's asking is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.clock import Clock

AT_MOST = 5.0
"""Seconds of work for one message, before the piece at hand is finished: a broker takes a longer one for dead."""
_CLOCK = Clock()


class Lane:
    """Runs `work` until it finds nothing. With all loops busy, one of them looks again instead."""

    def __init__(
        self,
        work: Callable[[], Awaitable[int]],
        *,
        most: int,
        monotonic: Callable[[], float] = _CLOCK.monotonic,
    ) -> None:
        self._work = work
        self._most = most
        self._monotonic = monotonic
        self._running = 0
        self._asked = False

    async def run(self, stop: asyncio.Event) -> bool:
        """True when its time was over before the work was: whoever asked had better ask again."""
        self._asked = True
        if self._running >= self._most:
            return False
        self._running += 1
        until = self._monotonic() + AT_MOST
        try:
            while self._asked and not stop.is_set():
                self._asked = False
                while not stop.is_set() and await self._work():
                    if self._monotonic() >= until:
                        return True
        finally:
            self._running -= 1
        return False
