"""One writer at a time, and whoever is awaited outside never behind more than one of the others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A lock with two queues that are served by turns: what is urgent is short, and waits only for whoever writes
    now; a stream of it without end still lets every other writer through."""

    def __init__(self) -> None:
        self._busy = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[None]:
        await self._wait(self._urgent if urgent else self._patient)
        try:
            yield
        finally:
            self._pass_on(
                *(self._patient, self._urgent) if urgent else (self._urgent, self._patient)
            )

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        if not self._busy:
            self._busy = True
            return
        mine = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it had come to him already
                self._pass_on(self._urgent, self._patient)
            raise

    def _pass_on(self, *queues: deque[asyncio.Future[None]]) -> None:
        for queue in queues:
            while queue:
                following = queue.popleft()
                if not following.done():
                    following.set_result(None)
                    return
        self._busy = False
