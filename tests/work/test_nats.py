"""Work over a real NATS server: asked for in the database, carried after the commit, done by whoever is free."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from bot.doctor.broker import broker as examined
from bot.settings import Settings
from bot.store import tasks
from bot.store.engine import Sessions
from bot.work.broker import Broker, listening, open_broker
from tests.conftest import SECRET
from tests.nats import NatsServer, needed

pytestmark = needed


@pytest.fixture
def nats(tmp_path):
    server = NatsServer(tmp_path)
    yield server
    server.kill()


@asynccontextmanager
async def a_worker(
    url: str, sessions: Sessions, done: Callable[[], None]
) -> AsyncIterator[Broker]:
    """A process of its own, as far as NATS can see."""
    broker, stop = open_broker(url, sessions, name="siyu-test"), asyncio.Event()

    async def pay() -> None:
        done()

    broker.register_task(pay, task_name=tasks.PAY)
    running = [
        asyncio.create_task(broker.relaying()),
        asyncio.create_task(listening(broker, stop)),
    ]
    try:
        yield broker
    finally:
        stop.set()
        running[0].cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*running)
        await broker.shutdown()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def test_what_is_asked_for_is_done_by_one_worker_and_forgotten(nats, sessions):
    by: Counter[str] = Counter()
    async with (
        a_worker(nats.url, sessions, lambda: by.update("a")) as broker,
        a_worker(nats.url, sessions, lambda: by.update("b")),
    ):
        for asked in range(6):
            await broker.asked.ask(tasks.PAY)
            await until(lambda asked=asked: by.total() == asked + 1)
        nats.kill()
        nats.start()  # whoever was connected comes back by himself
        await broker.asked.ask(tasks.PAY)
        await asyncio.sleep(1)
        if by.total() == 6:  # carried while nobody was there: the next sweep asks again
            await broker.asked.ask(tasks.PAY)
        await until(lambda: by.total() >= 7)


async def test_doctor_tells_whether_work_is_carried(nats):
    told = {"database_url": "postgresql://localhost/x", "secret_key": SECRET}
    over_nats = Settings(**told, broker_url=nats.url)
    assert (await examined(over_nats)).state == "ok"
    nats.kill()
    found = await examined(over_nats)
    assert (found.state, "nats-server -js" in found.fix) == ("fail", True)
