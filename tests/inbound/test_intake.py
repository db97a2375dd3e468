"""Nobody is answered before what came in is durable, and nothing that was read is lost."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.delivery import Kept
from bot.domain.mapping import Row
from bot.inbound.intake import LARGEST_COMMIT, Intake
from bot.store import inbox, tasks
from bot.store.engine import Sessions, open_engine
from bot.store.inbox import Arrival
from bot.store.vault import Vault


class Hall(Intake):
    """An intake that counts how often it nudged."""

    def __init__(self, bot, sessions=None) -> None:
        self.nudges = 0
        super().__init__(sessions or bot.sessions, bot.vault, bot.clock, nudge=self._count)

    def _count(self) -> None:
        self.nudges += 1


@pytest.fixture
async def hall(bot):
    hall = Hall(bot)
    yield hall
    await hall.close()


def arrivals(n: int, prefix: str = "body") -> list[Arrival]:
    return [Arrival("event", f"{prefix} {i}".encode()) for i in range(n)]


async def said(bot) -> list[str]:
    async with bot.session() as session:
        rows = await session.scalars(select(Kept).order_by(Kept.id))
        return [bot.vault.unseal(row.body, about=inbox.ABOUT) for row in rows]


async def test_who_is_answered_can_be_found_in_the_database(bot, hall):
    assert await hall.keep(Arrival("event", "你好".encode())) is True
    assert await said(bot) == ["你好"]
    assert await hall.keep(Arrival("event", "你好".encode())) is False
    assert await said(bot) == ["你好"]


async def test_of_many_alike_at_once_exactly_one_is_new(bot, hall):
    (one,) = arrivals(1)
    answers = await asyncio.gather(*(hall.keep(one) for _ in range(50)))
    assert sorted(answers) == [False] * 49 + [True]
    assert len(await said(bot)) == 1


async def test_many_that_differ_are_all_kept_in_order(bot, hall):
    many = arrivals(LARGEST_COMMIT + 20)
    assert all(await asyncio.gather(*(hall.keep(one) for one in many)))
    assert await said(bot) == [one.body.decode() for one in many]


async def test_arrivals_of_a_moment_share_a_commit(hall):
    await asyncio.gather(*(hall.keep(one) for one in arrivals(100)))
    assert hall.nudges == 1


async def test_the_same_words_from_another_source_are_another_event(bot, hall):
    assert await hall.keep(Arrival("wecom", b"x"))
    assert await hall.keep(Arrival("official", b"x"))
    assert len(await said(bot)) == 2


async def test_several_processes_keep_one_event_once(bot, database_url):
    doors = [Sessions(open_engine(database_url)) for _ in range(3)]
    halls = [Hall(bot, door) for door in doors]
    many = arrivals(10)
    answers = await asyncio.gather(*(hall.keep(one) for hall in halls for one in many))
    assert answers.count(True) == 10
    assert len(await said(bot)) == 10
    for hall, door in zip(halls, doors, strict=True):
        await hall.close()
        await door.close()


async def test_a_caller_who_hangs_up_loses_nothing(bot, hall):
    waiting = asyncio.create_task(hall.keep(Arrival("event", b"heard")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await hall.close()
    assert await said(bot) == ["heard"]
    assert hall.nudges == 1


async def test_closing_waits_for_what_was_read(bot, hall):
    waiting = asyncio.create_task(hall.keep(Arrival("event", b"heard")))
    await asyncio.sleep(0)
    await hall.close()
    assert await waiting
    assert await said(bot) == ["heard"]


async def test_what_could_not_be_kept_is_told_to_every_caller_and_the_hall_stays_open(
    bot, tmp_path
):
    empty = Sessions(open_engine(f"sqlite+aiosqlite:///{tmp_path / 'without-tables.db'}"))
    hall = Hall(bot, empty)
    for _ in range(2):
        failed = await asyncio.gather(*map(hall.keep, arrivals(3)), return_exceptions=True)
        assert all(isinstance(failure, SQLAlchemyError | sqlite3.Error) for failure in failed)
    assert hall.nudges == 0
    async with empty.begin() as session:
        await (await session.connection()).run_sync(Row.metadata.create_all)
    assert all(await asyncio.gather(*map(hall.keep, arrivals(3))))
    await hall.close()
    await empty.close()


async def test_the_work_is_asked_for_in_the_same_transaction(bot, hall):
    await hall.keep(Arrival("event", b"x"))
    async with bot.session() as session:
        assert await tasks.take(session) == [tasks.DRAIN]
    await hall.keep(Arrival("event", b"x"))
    async with bot.session() as session:
        assert await tasks.take(session) == []


async def test_nothing_of_a_body_can_be_read_in_its_row(bot, hall):
    await hall.keep(Arrival("event", "林小满 13800006021".encode()))
    async with bot.session() as session:
        (row,) = await session.scalars(select(Kept))
    shown = row.body + f"{row.digest}{row.source}{row.kind}{row.reason}".encode()
    assert b"13800006021" not in shown
    with pytest.raises(InvalidTag):
        Vault(b"another secret of thirty-two bytes").unseal(row.body, about=inbox.ABOUT)
