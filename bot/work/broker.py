"""Work by message, through taskiq: by default over the same database, so that a task is asked for in the
transaction that causes it. A message only says where to look; losing or repeating one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import structlog
from taskiq import AckableMessage, AsyncBroker, BrokerMessage, TaskiqMessage
from taskiq.receiver import Receiver

from bot.store import tasks
from bot.store.engine import Sessions

log = structlog.get_logger()
POLL_SECONDS = 0.5
"""How long another process may take to notice; in this process a nudge is heard at once."""
AT_ONCE = 8
FINISH_SECONDS = 12.0
"""What calls under way are given when we stop: each takes 10 s at most."""
RETRY_SECONDS = 1.0


class SqlBroker(AsyncBroker):
    def __init__(self, sessions: Sessions) -> None:
        super().__init__()
        self._sessions = sessions
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Something was committed in this process: look now."""
        self._nudged.set()

    async def kick(self, message: BrokerMessage) -> None:
        async with self._sessions.begin() as session:
            await tasks.ask(session, message.task_name)
        self.nudge()

    async def listen(self) -> AsyncGenerator[bytes | AckableMessage, None]:
        while True:
            for name in await self._take():
                message = self.formatter.dumps(_message(name))
                yield message.message
            try:
                await asyncio.wait_for(self._nudged.wait(), POLL_SECONDS)
            except TimeoutError:
                continue
            finally:
                self._nudged.clear()

    async def _take(self) -> list[str]:
        async with self._sessions.reading() as session:
            if not await tasks.asked(session):  # a look costs nobody anything; taking locks
                return []
        async with self._sessions.begin() as session:
            return list(await tasks.take(session))


async def listening(broker: AsyncBroker, stop: asyncio.Event) -> None:
    """Do what is asked for until told to stop, then finish what is under way."""
    while not stop.is_set():
        receiver = Receiver(
            broker, max_async_tasks=AT_ONCE, wait_tasks_timeout=FINISH_SECONDS, run_startup=True
        )
        try:
            await receiver.listen(stop)
        except Exception as trouble:  # noqa: BLE001 - a database that is away for a moment comes back
            log.error("listening failed", error=type(trouble).__name__)
            await asyncio.sleep(RETRY_SECONDS)


def _message(name: str) -> TaskiqMessage:
    return TaskiqMessage(task_id=name, task_name=name, labels={}, args=[], kwargs={})
