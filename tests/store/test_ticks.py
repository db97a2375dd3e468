"""One firing, one runner, whoever looks and however often."""

from __future__ import annotations

from datetime import timedelta

from bot.store import ticks
from tests.harness import START
from tests.races.crowd import crowd

DAY = timedelta(days=1)


async def claims(sessions, fired_for, name: str = "tiers") -> bool:
    async with sessions.begin() as session:
        return await ticks.claim(session, name, fired_for=fired_for, now=fired_for)


async def test_the_first_look_only_starts_the_count(sessions):
    assert not await claims(sessions, START)
    assert not await claims(sessions, START)
    assert await claims(sessions, START + DAY)


async def test_a_firing_is_run_once(sessions):
    await claims(sessions, START)
    assert await claims(sessions, START + DAY)
    assert not await claims(sessions, START + DAY)


async def test_entries_count_for_themselves(sessions):
    await claims(sessions, START)
    assert not await claims(sessions, START + DAY, "digest")
    assert await claims(sessions, START + DAY)


async def test_a_claim_that_was_undone_is_free_again(sessions):
    await claims(sessions, START)
    async with sessions.begin() as session:
        assert await ticks.claim(session, "tiers", fired_for=START + DAY, now=START)
        await session.rollback()
    assert await claims(sessions, START + DAY)


async def test_of_many_schedulers_one_runs_it(sessions, database_url):
    await claims(sessions, START)

    async def claim(session, i):
        return str(await ticks.claim(session, "tiers", fired_for=START + DAY, now=START))

    assert await crowd(database_url, 30, claim) == {"True": 1, "False": 29}
