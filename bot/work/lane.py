"""One kind of work in this process: a few loops at once, and nobody's asking is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Lane:
    """Runs `work` until it finds nothing. With all loops busy, one of them looks again instead."""

    def __init__(self, work: Callable[[], Awaitable[int]], *, most: int) -> None:
        self._work = work
        self._most = most
        self._running = 0
        self._asked = False

    async def run(self, stop: asyncio.Event) -> None:
        self._asked = True
        if self._running >= self._most:
            return
        self._running += 1
        try:
            while self._asked and not stop.is_set():
                self._asked = False
                while not stop.is_set() and await self._work():
                    pass
        finally:
            self._running -= 1
