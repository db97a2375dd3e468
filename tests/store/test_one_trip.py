"""Our SQLite cursor does what the driver's own does, in one trip or in none."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.store.engine import Sessions, open_engine

THINGS = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String, unique=True),
)


@pytest.fixture(params=["threaded", "inline"])
async def sessions(request, tmp_path):
    sessions = Sessions(
        open_engine(f"sqlite+aiosqlite:///{tmp_path / 'one.db'}", inline=request.param == "inline")
    )
    async with sessions.begin() as session:
        await (await session.connection()).run_sync(THINGS.metadata.create_all)
    yield sessions
    await sessions.close()


async def fill(sessions, *names: str) -> None:
    async with sessions.begin() as session:
        await session.execute(insert(THINGS), [{"name": name} for name in names])


async def names(sessions) -> list[str]:
    async with sessions.reading() as session:
        return list(await session.scalars(select(THINGS.c.name).order_by(THINGS.c.id)))


async def test_what_was_written_is_read_back_in_order(sessions):
    await fill(sessions, "a", "林", "🎁")
    assert await names(sessions) == ["a", "林", "🎁"]


async def test_many_rows_are_written_by_one_call(sessions):
    await fill(sessions, *(f"n{n}" for n in range(2500)))
    assert len(await names(sessions)) == 2500


async def test_counts_are_right_with_and_without_returning(sessions):
    await fill(sessions, "a", "b", "c")
    async with sessions.begin() as session:
        plain = await session.execute(
            update(THINGS).where(THINGS.c.id > 1).values(name=THINGS.c.name + "!")
        )
        assert plain.rowcount == 2
        told = await session.execute(
            update(THINGS)
            .where(THINGS.c.id > 1)
            .values(name="x" + THINGS.c.name)
            .returning(THINGS.c.id)
        )
        assert (sorted(told.scalars()), told.rowcount) == ([2, 3], 2)
        none = await session.execute(update(THINGS).where(THINGS.c.id > 9).values(name="y"))
        assert none.rowcount == 0


async def test_a_new_row_tells_its_number(sessions):
    async with sessions.begin() as session:
        first = await session.execute(insert(THINGS).values(name="a"))
        second = await session.execute(insert(THINGS).values(name="b"))
    assert (first.inserted_primary_key[0], second.inserted_primary_key[0]) == (1, 2)


async def test_the_drivers_own_count_and_number_come_through(sessions):
    async with sessions.begin() as session:
        raw = await (await session.connection()).get_raw_connection()
        cursor = await raw.driver_connection.cursor().execute(
            "INSERT INTO thing(name) VALUES ('a')"
        )
        assert (cursor.lastrowid, cursor.rowcount, await cursor.fetchall()) == (1, 1, [])
        await cursor.executemany("INSERT INTO thing(name) VALUES (?)", [("b",), ("c",)])
        assert cursor.rowcount == 2
        await cursor.execute("SELECT name FROM thing ORDER BY id")
        assert [column[0] for column in cursor.description] == ["name"]
        assert await cursor.fetchone() == ("a",)
        assert await cursor.fetchmany(1) == [("b",)]
        assert await cursor.fetchall() == [("c",)]
        assert await cursor.fetchone() is None


async def test_mistakes_pass_through_and_undo_their_transaction(sessions):
    await fill(sessions, "a")
    with pytest.raises(IntegrityError):
        await fill(sessions, "b", "a")
    assert await names(sessions) == ["a"]
    with pytest.raises(OperationalError):
        async with sessions.begin() as session:
            await session.execute(text("SELECT * FROM no_such_table"))
    await fill(sessions, "c")
    assert await names(sessions) == ["a", "c"]


async def test_a_savepoint_goes_alone(sessions):
    async with sessions.begin() as session:
        await session.execute(insert(THINGS).values(name="a"))
        savepoint = await session.begin_nested()
        await session.execute(insert(THINGS).values(name="b"))
        await savepoint.rollback()
        await session.execute(insert(THINGS).values(name="c"))
    assert await names(sessions) == ["a", "c"]


async def test_a_reader_sees_one_moment_while_somebody_writes(sessions):
    await fill(sessions, "a")
    async with sessions.reading() as session:
        assert len((await session.execute(select(THINGS))).all()) == 1
        await fill(sessions, "b")
        assert len((await session.execute(select(THINGS))).all()) == 1
    assert await names(sessions) == ["a", "b"]


async def test_writers_queue_and_none_is_lost(sessions):
    async def count_up(_):
        async with sessions.begin() as session:
            found = await session.scalar(select(THINGS.c.name))
            await asyncio.sleep(0)
            await session.execute(update(THINGS).values(name=str(int(found) + 1)))

    await fill(sessions, "0")
    await asyncio.gather(*map(count_up, range(20)))
    assert await names(sessions) == ["20"]


async def test_a_cancelled_writer_lets_the_next_one_in(sessions):
    began = asyncio.Event()

    async def stuck():
        async with sessions.begin() as session:
            await session.execute(insert(THINGS).values(name="lost"))
            began.set()
            await asyncio.sleep(60)

    writer = asyncio.create_task(stuck())
    await began.wait()
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    await asyncio.wait_for(fill(sessions, "kept"), 5)
    assert await names(sessions) == ["kept"]


async def test_the_loop_is_left_free_unless_inline_is_asked_for(tmp_path):
    for inline in (False, True):
        engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'thread.db'}", inline=inline)
        threads: set[int] = set()

        @event.listens_for(engine.sync_engine, "connect")
        def note(connection, record, threads=threads):
            # SQLite calls a function of ours in whichever thread it works.
            def here() -> None:
                threads.add(threading.get_ident())

            connection.run_async(lambda driver: driver.create_function("here", 0, here))

        async with engine.connect() as connection:
            await connection.execute(text("SELECT here()"))
        await engine.dispose()
        assert (threads == {threading.get_ident()}) is inline


async def test_an_engines_errors_show_nobodys_data(sessions):
    await fill(sessions, "林小满")
    with pytest.raises(IntegrityError) as refused:
        await fill(sessions, "林小满")
    assert "林小满" not in str(refused.value)
