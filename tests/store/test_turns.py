"""One writer at a time; whoever is awaited outside waits for one of the others at most."""

from __future__ import annotations

import asyncio

import pytest

from bot.store.turns import Turns


async def _queue(turns: Turns, *names: str) -> list[str]:
    """Who got in, in what order, when all of them came while somebody else was inside."""
    seen: list[str] = []
    inside: set[str] = set()

    async def writer(name: str) -> None:
        async with turns.turn(urgent=name.startswith("u")):
            assert inside == set()
            inside.add(name)
            seen.append(name)
            await asyncio.sleep(0)
            inside.remove(name)

    async with turns.turn():
        work = [asyncio.create_task(writer(name)) for name in names]
        await asyncio.sleep(0)
        assert seen == []
    await asyncio.gather(*work)
    return seen


async def test_what_is_urgent_waits_for_one_of_the_others_at_most():
    assert await _queue(Turns(), "p1", "p2", "u1", "p3", "u2") == ["u1", "p1", "u2", "p2", "p3"]


async def test_a_stream_of_urgent_ones_lets_every_other_through():
    seen = await _queue(Turns(), "u1", "u2", "u3", "u4", "p1", "p2")
    assert seen == ["u1", "p1", "u2", "p2", "u3", "u4"]


@pytest.mark.parametrize("moment", ["waiting", "called"])
async def test_whoever_gives_up_holds_up_nobody(moment):
    turns, seen = Turns(), []

    async def writer(name: str) -> None:
        async with turns.turn():
            seen.append(name)

    async with turns.turn():
        first, second = (asyncio.create_task(writer(name)) for name in ("a", "b"))
        await asyncio.sleep(0)
        if moment == "waiting":
            first.cancel()
            await asyncio.sleep(0)
    if moment == "called":
        first.cancel()  # its turn has come, but it has not run since
    await asyncio.gather(first, second, return_exceptions=True)
    assert seen == ["b"]
    async with asyncio.timeout(1), turns.turn():
        pass


async def test_who_breaks_inside_lets_the_next_one_in():
    turns = Turns()
    with pytest.raises(LookupError):
        async with turns.turn():
            raise LookupError
    async with asyncio.timeout(1), turns.turn(urgent=True):
        pass
