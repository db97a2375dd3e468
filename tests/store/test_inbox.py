"""Kept events: one row per plaintext, the oldest first, and one at work at a time."""

from __future__ import annotations

import asyncio

from sqlalchemy import select, update

from bot.domain.delivery import Kept
from bot.store import inbox
from bot.store.inbox import Arrival
from tests.harness import START


async def keeps(sessions, vault, *bodies: str, source: str = "event") -> set[str]:
    async with sessions.begin() as session:
        arrivals = [Arrival(source, body.encode()) for body in bodies]
        return await inbox.keep(session, vault, arrivals, now=START)


async def waiting(sessions, vault, limit: int = 10) -> list[str]:
    async with sessions.begin() as session:
        found = await inbox.waiting(session, limit=limit)
        return [vault.unseal(kept.body, about=inbox.ABOUT) for kept in found]


async def test_only_what_is_new_is_kept_and_told(sessions, vault):
    assert len(await keeps(sessions, vault, "a", "b")) == 2
    assert await keeps(sessions, vault, "b", "c") == {Arrival("event", b"c").digest}
    assert await waiting(sessions, vault) == ["a", "b", "c"]


async def test_what_was_handled_is_known_for_ever(sessions, vault):
    await keeps(sessions, vault, "a")
    async with sessions.begin() as session:
        await session.execute(update(Kept).values(state="handled"))
    assert await keeps(sessions, vault, "a") == set()
    assert await waiting(sessions, vault) == []


def test_source_and_body_cannot_be_mixed_up():
    assert Arrival("wecom", b"x").digest != Arrival("official", b"x").digest
    assert Arrival("wecom", b"x").digest == Arrival("wecom", b"x").digest


async def test_the_oldest_come_first_and_no_more_than_asked_for(sessions, vault):
    await keeps(sessions, vault, *"cab")
    assert await waiting(sessions, vault, limit=2) == ["c", "a"]


async def test_one_event_comes_with_what_was_kept_of_its_source_before(sessions, vault):
    await keeps(sessions, vault, *"ab")
    await keeps(sessions, vault, "shop's", source="shop")
    await keeps(sessions, vault, *"cd")
    async with sessions.begin() as session:
        first, *_, last = await inbox.waiting(session, limit=9, until=Arrival("event", b"c"))
        assert (first.id, last.digest) == (1, Arrival("event", b"c").digest)
        assert {first.source, last.source} == {"event"}


async def test_parked_events_go_back_into_the_line_and_others_stay(sessions, vault):
    await keeps(sessions, vault, "a", "b", "c", "d")
    states = ["parked", "handled", "parked", "unknown"]
    async with sessions.begin() as session:
        for kept, state in zip(await session.scalars(select(Kept)), states, strict=True):
            kept.state, kept.reason, kept.kind = state, "KeyError", f"k{kept.id % 2}"
    async with sessions.begin() as session:
        assert await inbox.unpark(session, kind="no_such") == 0
        assert await inbox.unpark(session) == 2
    assert await waiting(sessions, vault) == ["a", "c"]
    async with sessions.begin() as session:
        assert await inbox.counts(session) == {"kept": 2, "handled": 1, "unknown": 1}


async def test_a_second_drain_waits_for_the_first_and_takes_what_comes_next(sessions, vault):
    await keeps(sessions, vault, *"abc")
    seen = []

    async def drain(limit: int) -> None:
        async with sessions.begin() as session:
            found = await inbox.waiting(session, limit=limit)
            await asyncio.sleep(0.02)
            seen.append([kept.id for kept in found])
            for kept in found:
                kept.state = "handled"

    await asyncio.gather(*(drain(2) for _ in range(3)))
    assert seen == [[1, 2], [3], []]
