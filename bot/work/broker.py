"""Work by message, through taskiq: asked for in the database, in the transaction that causes it, and taken from there
or carried on by NATS. A message only says where to look; losing or repeating one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import structlog
from taskiq import AckableMessage, AsyncBroker, BrokerMessage, TaskiqMessage
from taskiq.receiver import Receiver

from bot.store import tasks
from bot.store.engine import Sessions

log = structlog.get_logger()
SQL = "sql"
POLL_SECONDS = 0.5
"""How long another process may take to notice; in this process a nudge is heard at once."""
AT_ONCE = 12
"""More than there are payers: all of them at a slow platform must leave room for handling what comes in."""
FINISH_SECONDS = 12.0
"""What calls under way are given when we stop: each takes 10 s at most."""
RETRY_SECONDS = 1.0


class Asked:
    """What was asked for in the database, by the names of the work."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        self._nudged.set()

    async def ask(self, name: str) -> None:
        async with self._sessions.begin() as session:
            await tasks.ask(session, name)
        self.nudge()

    async def names(self) -> AsyncGenerator[str, None]:
        while True:
            for name in await self._take():
                yield name
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


class Broker(AsyncBroker):
    """Carries names to whichever process is free."""

    asked: Asked

    def nudge(self) -> None:
        """Something was committed in this process: look now."""
        self.asked.nudge()

    async def relaying(self) -> None:
        """Carry on what was asked for in the database; nothing to do where the database itself is the broker."""

    def written(self, name: str) -> BrokerMessage:
        told = TaskiqMessage(task_id=name, task_name=name, labels={}, args=[], kwargs={})
        return self.formatter.dumps(told)


class SqlBroker(Broker):
    def __init__(self, sessions: Sessions) -> None:
        super().__init__()
        self.asked = Asked(sessions)

    async def kick(self, message: BrokerMessage) -> None:
        await self.asked.ask(message.task_name)

    async def listen(self) -> AsyncGenerator[bytes | AckableMessage, None]:
        async for name in self.asked.names():
            yield self.written(name).message


def open_broker(url: str, sessions: Sessions, *, name: str) -> Broker:
    """`sql`, or the address of a NATS server; `name` tells the shops on one server apart."""
    if url == SQL:
        return SqlBroker(sessions)
    from bot.work.nats import NatsBroker

    return NatsBroker(url, sessions, name=name)


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
