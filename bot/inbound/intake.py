"""Store, then answer: arrivals of a few milliseconds share one commit, and only then is anybody answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from bot.clock import Clock
from bot.store import inbox
from bot.store.engine import Sessions, until_free
from bot.store.inbox import Arrival
from bot.store.vault import Vault

GATHER_SECONDS = 0.002
LARGEST_COMMIT = 256


class Intake:
    """A group commit. `keep` returns once the arrival is durable: True when it was new."""

    def __init__(
        self, sessions: Sessions, vault: Vault, clock: Clock, *, nudge: Callable[[], None]
    ) -> None:
        self._sessions = sessions
        self._vault = vault
        self._clock = clock
        self._nudge = nudge
        self._pending: list[tuple[Arrival, asyncio.Future[bool]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def keep(self, arrival: Arrival) -> bool:
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pending.append((arrival, answer))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        # A caller who hangs up gives up the answer alone: what was read is kept all the same.
        return await answer

    async def close(self) -> None:
        if self._committing is not None:
            await asyncio.gather(self._committing, return_exceptions=True)

    async def _commit(self) -> None:
        while self._pending:
            await asyncio.sleep(GATHER_SECONDS)
            group = self._pending[:LARGEST_COMMIT]
            del self._pending[:LARGEST_COMMIT]
            try:
                new = await self._store([arrival for arrival, _ in group])
            except Exception as failure:  # noqa: BLE001 - handed to every caller of this group
                for _, answer in group:
                    if not answer.done():
                        answer.set_exception(failure)
                continue
            for arrival, answer in group:
                if not answer.done():
                    answer.set_result(arrival.digest in new)
                new.discard(arrival.digest)
            self._nudge()

    async def _store(self, arrivals: list[Arrival]) -> set[str]:
        distinct = list({arrival.digest: arrival for arrival in arrivals}.values())
        # The same news may reach two processes in another order, and they would wait for each other.
        return await until_free(partial(self._keep, distinct))

    async def _keep(self, arrivals: list[Arrival]) -> set[str]:
        async with self._sessions.in_one_trip() as connection:
            return await inbox.keep_at_once(
                connection, self._vault, arrivals, now=self._clock.now()
            )
