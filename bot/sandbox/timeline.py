"""Moves time: stops at each planned moment, does what is due, waits for the callbacks, goes on."""

from __future__ import annotations

import asyncio
import inspect
from datetime import datetime
from typing import Any

from bot.sandbox.stage import Stage

HEARTBEAT = 0.2  # real seconds between looks at the agenda while the clock runs


class Timeline:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._moving = asyncio.Lock()

    async def advance(self, until: datetime) -> list[str]:
        applied: list[str] = []
        async with self._moving:
            while await self._next_moment(until, applied):
                pass
            self._stage.clock.move(until)
        return applied

    async def step(self, until: datetime | None) -> list[str]:
        """To the first moment at which something happens, or to `until`."""
        applied: list[str] = []
        async with self._moving:
            if not await self._next_moment(until, applied) and until:
                self._stage.clock.move(until)
        return applied

    async def _next_moment(self, until: datetime | None, applied: list[str]) -> bool:
        stage = self._stage
        due = stage.agenda.next_due()
        if due is None or (until is not None and due > until):
            return False
        moment = max(due, stage.clock.now())
        stage.clock.move(moment)
        for planned in stage.agenda.take(moment):
            result = planned.act()
            if inspect.isawaitable(result):
                await result
            applied.append(planned.label)
        await stage.courier.settled()
        return True

    async def flow(self) -> None:
        """While the clock runs, keeps the agenda and the clock file up with it."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            if self._stage.clock.running:
                await self.advance(self._stage.clock.now())

    def report(self, applied: list[str]) -> dict[str, Any]:
        stage = self._stage
        due = stage.agenda.next_due()
        return {
            "now": stage.clock.iso(),
            "running": stage.clock.running,
            "next_due": due.isoformat(timespec="milliseconds") if due else None,
            "in_flight": stage.courier.in_flight,
            "applied": applied,
        }
