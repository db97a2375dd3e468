"""Answers to acts are stored with their key and given again."""

from __future__ import annotations

import pytest

from bot.domain.refusals import Refusal
from bot.store import answers
from tests.harness import START
from tests.races.crowd import crowd


async def begins(session, *, actor="clerk:mei", key="k", body_hash="h"):
    return await answers.begin(session, actor=actor, key=key, body_hash=body_hash, now=START)


async def test_a_new_act_is_ours_and_a_repeated_one_has_its_answer(sessions):
    async with sessions.begin() as session:
        assert await begins(session) is None
        await answers.finish(session, actor="clerk:mei", key="k", answer={"words": "核销好了"})
    async with sessions.begin() as session:
        assert await begins(session) == {"words": "核销好了"}


async def test_keys_belong_to_their_actors(sessions):
    async with sessions.begin() as session:
        assert await begins(session) is None
        assert await begins(session, actor="clerk:lan", body_hash="other") is None
        assert await begins(session, key="k2", body_hash="other") is None


async def test_a_key_is_not_used_for_something_else(sessions):
    async with sessions.begin() as session:
        await begins(session)
    async with sessions.begin() as session:
        with pytest.raises(Refusal) as no:
            await begins(session, body_hash="other")
    assert (no.value.reason, no.value.status) == ("key_reused", 422)


async def test_an_act_that_was_undone_may_be_asked_for_again(sessions):
    async with sessions.begin() as session:
        await begins(session)
        await session.rollback()
    async with sessions.begin() as session:
        assert await begins(session) is None


async def test_one_of_many_at_once_acts_and_the_others_hear_its_answer(sessions, database_url):
    async def act(session, i):
        had = await begins(session)
        if had is None:
            await answers.finish(session, actor="clerk:mei", key="k", answer={"by": i})
            return "acted"
        return "heard" if had else "empty"

    assert await crowd(database_url, 20, act) == {"acted": 1, "heard": 19}


@pytest.mark.parametrize("databases", ["postgres"], indirect=True)
async def test_who_will_not_wait_is_told_that_another_process_is_at_it(sessions, database_url):
    """SQLite has one writer: there the second finds the answer, as above."""

    async def ask(session, _i):
        await answers.alone(session, actor="clerk:mei", key="k")
        return "alone"

    async with sessions.begin() as session:
        await answers.alone(session, actor="clerk:mei", key="k")
        await answers.alone(session, actor="clerk:lan", key="k")
        assert await crowd(database_url, 3, ask) == {"in_flight": 3}
    assert await crowd(database_url, 1, ask) == {"alone": 1}
