"""What several ask at the same stage is asked once, and nothing else of theirs overlaps."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from bot.domain.customers import Store
from bot.store.together import side_by_side, together
from tests.builders import a_store


class Asked:
    """A question for many, which notes who came together."""

    def __init__(self) -> None:
        self.times: list[list[str]] = []

    async def many(self, _session, names):
        self.times.append(list(names))
        return [name.upper() for name in names]


@pytest.fixture
async def session(sessions):
    async with sessions.begin() as session:
        yield session


async def test_what_several_ask_at_the_same_stage_is_asked_once(session):
    first, second = Asked(), Asked()

    async def work(name: str) -> list[str]:
        one = await together(session, first.many, name)
        return [one, await together(session, second.many, f"{name}2")]

    said = await side_by_side(session, [work("a"), work("b")])
    assert said == [["A", "A2"], ["B", "B2"]]
    assert first.times == [["a", "b"]]
    assert second.times == [["a2", "b2"]]


async def test_whoever_goes_another_way_is_waited_for_and_answered_too(session):
    asked, other = Asked(), Asked()

    async def short(name: str) -> str:
        return await together(session, asked.many, name)

    async def long(name: str) -> str:
        await together(session, other.many, name)
        return await together(session, asked.many, name)

    async def silent() -> str:
        return "nothing"

    said = await side_by_side(session, [short("a"), long("b"), silent(), short("c")])
    assert said == ["A", "B", "nothing", "C"]
    assert asked.times == [["a", "c"], ["b"]]


async def test_between_two_questions_nobody_else_runs(session):
    asked, seen = Asked(), []

    async def work(name: str) -> None:
        await together(session, asked.many, name)
        for step in range(3):
            seen.append((name, step))
            await session.scalar(select(func.count()).select_from(Store))
            await asyncio.sleep(0)

    await side_by_side(session, [work("a"), work("b")])
    assert seen == [(name, step) for name in "ab" for step in range(3)]


async def test_alone_a_question_is_asked_at_once(session):
    asked = Asked()
    assert await together(session, asked.many, "a") == "A"
    assert asked.times == [["a"]]


async def test_what_is_asked_for_many_may_itself_ask(session):
    inner = Asked()

    async def outer(session, names):
        return [await together(session, inner.many, name) for name in names]

    async def work(name: str) -> str:
        return await together(session, outer, name)

    assert await side_by_side(session, [work("a"), work("b")]) == ["A", "B"]
    assert inner.times == [["a"], ["b"]]


async def test_within_a_savepoint_of_ones_own_one_asks_alone(session):
    async def open_stores(session, codes):
        for code in codes:
            await a_store(session, code=code)
        return codes

    async def work(code: str) -> None:
        savepoint = await session.begin_nested()
        await together(session, open_stores, code)
        await session.flush()
        await (savepoint.rollback() if code == "bad" else savepoint.commit())

    await side_by_side(session, [work("bad"), work("good")])
    assert list(await session.scalars(select(Store.code))) == ["good"]


async def test_one_that_breaks_breaks_all_and_leaves_nothing_waiting(session):
    asked, ended = Asked(), []

    async def bad() -> None:
        await together(session, asked.many, "bad")
        raise LookupError("broken")

    async def good() -> None:
        try:
            await together(session, asked.many, "good")
            await together(session, asked.many, "more")
        finally:
            ended.append("good")

    with pytest.raises(LookupError, match="broken"):
        await side_by_side(session, [good(), bad(), good()])
    assert ended == ["good", "good"]
    assert asked.times == [["good", "bad", "good"]]
    assert await together(session, asked.many, "after") == "AFTER"


async def test_what_breaks_on_the_way_to_the_database_reaches_whoever_waits_for_it(session):
    async def work() -> str:
        gone = asyncio.get_running_loop().create_future()
        gone.set_exception(OSError("gone"))
        try:
            await gone
        except OSError as bug:
            return str(bug)
        return "never"

    assert await side_by_side(session, [work()]) == ["gone"]
