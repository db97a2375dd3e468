"""Late, repeated and shuffled callbacks over several processes leave what they would have left once and in order."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import PARSERS
from bot.content import load_content
from bot.domain.delivery import Kept, Message
from bot.inbound.dispatch import Dispatcher
from bot.settings import Settings
from bot.store import inbox
from bot.store.engine import Sessions, open_engine, until_free
from bot.store.inbox import Arrival
from bot.store.vault import Vault
from handlers import ROUTERS
from tests.conftest import SECRET
from tests.databases import PostgresDatabases
from tests.storm.events import day, same_second
from tests.storm.many import share
from tests.storm.states import differences, state

START = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
NOW = START + timedelta(hours=12)
PROCESSES = 4
SETTINGS = {"secret_key": SECRET}


async def deliver(url: str, arrivals: list[Arrival], seed: int) -> list[str]:
    """Keep these in groups and handle what waits, as one process of several. Returns its bugs."""
    chance, bugs = random.Random(seed), list[Exception]()
    settings = Settings(database_url=url, **SETTINGS)
    sessions, vault = Sessions(open_engine(url)), Vault(settings.key)
    dispatcher = Dispatcher(
        routers=ROUTERS,
        parsers=PARSERS,
        vault=vault,
        content=load_content(settings.content_dir),
        settings=settings,
        alarm=bugs.append,
    )
    while arrivals:
        size = chance.randrange(1, 60)
        group = {one.digest: one for one in arrivals[:size]}
        del arrivals[:size]
        await until_free(partial(_keep, sessions, vault, list(group.values())))
        await dispatcher.drain(sessions, NOW)
    while await dispatcher.drain(sessions, NOW):
        pass
    await sessions.close()
    return [repr(bug) for bug in bugs]


async def _keep(sessions: Sessions, vault: Vault, group: list[Arrival]) -> None:
    async with sessions.begin() as session:
        await inbox.keep(session, vault, group, now=NOW)


def process(url: str, arrivals: list[Arrival], seed: int, results: Any) -> None:
    results.put(asyncio.run(deliver(url, arrivals, seed)))


def in_processes(url: str, arrivals: list[Arrival]) -> list[str]:
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    work = [
        spawn.Process(target=process, args=(url, arrivals[one::PROCESSES], one, results))
        for one in range(PROCESSES)
    ]
    for one in work:
        one.start()
    bugs = [bug for _ in work for bug in results.get(timeout=900)]
    for one in work:
        one.join()
    return bugs


async def left(url: str) -> Any:
    sessions = Sessions(open_engine(url))
    async with sessions.reading() as session:
        found = await state(session)
    await sessions.close()
    return found


@pytest.fixture(scope="module")
def postgres(tmp_path_factory) -> PostgresDatabases:
    return PostgresDatabases(tmp_path_factory.mktemp("databases"))


@pytest.mark.parametrize("many", [share(5_000)])
async def test_shuffled_and_repeated_events_leave_what_once_in_order_leaves(
    postgres, tmp_path, many
):
    ordered, shuffled = postgres.fresh(tmp_path), postgres.fresh(tmp_path)
    events, chance = day(7, many, START), random.Random(11)
    assert await deliver(ordered, list(events), seed=1) == []
    repeated = [event for event in events for _ in range(chance.randrange(1, 6))]
    chance.shuffle(repeated)
    assert in_processes(shuffled, repeated) == []
    found = differences(await left(ordered), await left(shuffled))
    print({name: counts[2:] for name, counts in found.items()})
    assert found == {}


async def test_two_hundred_messages_of_one_second_are_two_hundred_effects(postgres, tmp_path):
    url = postgres.fresh(tmp_path)
    said = same_second(200, START)
    assert in_processes(url, said * 2) == []
    sessions = Sessions(open_engine(url))
    async with sessions.reading() as session:
        assert (
            await session.scalar(select(func.count(Kept.id)).where(Kept.state == "handled")) == 200
        )
        heard = select(func.count(Message.id)).where(Message.direction == "in")
        assert await session.scalar(heard) == 200
    await sessions.close()
