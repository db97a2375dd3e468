"""What people outside the sandbox do next: tills, shop systems, staff and guides at our own pages."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count

Deed = Callable[[], Awaitable[None]]


class Agenda:
    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Deed]] = []
        self._numbers = count()

    def plan(self, at: datetime, deed: Deed) -> None:
        heapq.heappush(self._heap, (at, next(self._numbers), deed))

    def next(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    async def perform(self, now: datetime) -> int:
        """Everything due by now, in order."""
        done = 0
        while self._heap and self._heap[0][0] <= now:
            _, _, deed = heapq.heappop(self._heap)
            await deed()
            done += 1
        return done
