"""Debts: owed once per effect, withdrawn while nobody has them, claimed by one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.calls import GetMember, SendKf
from bot.domain.campaigns import Touch
from bot.domain.delivery import Owed
from bot.store import outbox
from tests.builders import a_customer
from tests.harness import START
from tests.races.crowd import crowd

CALL = GetMember(userid="suqing")


async def owes(sessions, vault, effect: str, call=CALL, **terms) -> int | None:
    async with sessions.begin() as session:
        return await outbox.owe(session, vault, call, effect=effect, now=START, **terms)


async def claims(sessions, owner: str, *, now=START, real: float = 0.0, limit: int = 10):
    async with sessions.begin() as session:
        return await outbox.claim(
            session, owner=owner, now=now, real=real, lease=60.0, limit=limit
        )


async def test_the_same_effect_is_owed_once(sessions, vault):
    assert await owes(sessions, vault, "e") is not None
    assert await owes(sessions, vault, "e") is None
    async with sessions.reading() as session:
        assert await outbox.already_owed(session, ["e", "other"]) == {"e"}


async def test_many_at_once_owe_one_effect_once(sessions, vault, database_url):
    async def owe(session, i):
        found = await outbox.owe(session, vault, CALL, effect="e", now=START)
        return "new" if found else "known"

    assert await crowd(database_url, 30, owe) == {"new": 1, "known": 29}


async def test_a_call_is_read_back_as_it_was_owed(sessions, vault):
    call = SendKf(open_kfid="wk1", external_userid="wm1", msgid="m", text="林小满🎁", tail="回TD")
    await owes(sessions, vault, "e", call, lane="express")
    (owed,) = await claims(sessions, "a")
    assert outbox.open_call(vault, owed) == call
    assert (owed.kind, owed.lane, owed.purpose) == ("send_kf", "express", "service")


async def test_a_claim_takes_what_is_due_and_no_more(sessions, vault):
    await owes(sessions, vault, "later", due_at=START + timedelta(minutes=1))
    for n in range(3):
        await owes(sessions, vault, f"e{n}")
    assert len(await claims(sessions, "a", limit=2)) == 2
    assert len(await claims(sessions, "b")) == 1
    assert await claims(sessions, "c") == []
    assert [
        owed.effect for owed in await claims(sessions, "c", now=START + timedelta(hours=1))
    ] == ["later"]


async def test_each_claim_counts_and_has_a_fence_of_its_own(sessions, vault):
    await owes(sessions, vault, "e")
    for turn, fence in ((1, 1), (2, 2), (3, 4)):  # put apart and taken again, alone
        (owed,) = await claims(sessions, "a", real=turn * 100.0)
        assert (owed.fence, owed.attempts, owed.lease_until) == (fence, turn, turn * 100.0 + 60)
        assert owed.reason == (None if turn < 3 else "in_flight")
        if turn == 2:
            async with sessions.begin() as session:
                assert await outbox.begin(session, [owed]) == {owed.id}


async def test_a_crowd_claims_every_debt_once(sessions, vault, database_url):
    for n in range(20):
        await owes(sessions, vault, f"e{n}")
    taken: list[int] = []

    async def claim(session, i):
        found = await outbox.claim(
            session, owner=f"o{i}", now=START, real=0.0, lease=60.0, limit=3
        )
        taken.extend(owed.id for owed in found)
        return "done"

    await crowd(database_url, 12, claim)
    assert len(taken) == len(set(taken))
    while more := await claims(sessions, "rest"):
        taken += [owed.id for owed in more]
    assert len(set(taken)) == len(taken) == 20


@pytest.mark.parametrize("stranger", [{"owner": "b"}, {"fence": 9}])
async def test_only_the_fences_owner_settles_and_once(sessions, vault, stranger):
    await owes(sessions, vault, "e")
    (owed,) = await claims(sessions, "a")
    odd = Owed(**({"id": owed.id, "owner": "a", "fence": 1} | stranger))
    async with sessions.begin() as session:
        assert not await outbox.settle(session, [(odd, {"state": "done"})])
        assert await outbox.settle(session, [(owed, {"state": "done", "code": 7})]) == {owed.id}
        assert not await outbox.settle(session, [(owed, {"state": "refused"})])
    async with sessions.reading() as session:
        row = (await session.execute(select(Owed.state, Owed.code))).one()
    assert tuple(row) == ("done", 7)


async def test_what_nobody_has_claimed_can_be_withdrawn(sessions, vault):
    async with sessions.begin() as session:
        customer = await a_customer(session)
    free = await owes(sessions, vault, "e1", touch_id=1, customer_id=customer.id)
    await owes(sessions, vault, "e2", touch_id=2)
    (under_way,) = await claims(sessions, "a", limit=1)
    assert under_way.id == free
    async with sessions.begin() as session:
        assert await outbox.cancel(session, touch_ids=[1, 2, 3], reason="opted_out") == 1
        states = dict((await session.execute(select(Owed.effect, Owed.state))).all())
    assert states == {"e1": "claimed", "e2": "cancelled"}


async def test_the_next_moment_counts_what_is_owed_or_under_way(sessions, vault):
    async with sessions.reading() as session:
        assert await outbox.next_due(session) is None
    await owes(sessions, vault, "e1", due_at=START + timedelta(hours=2))
    await owes(sessions, vault, "e2", due_at=START + timedelta(hours=1))
    async with sessions.begin() as session:
        assert await outbox.next_due(session) == START + timedelta(hours=1)
        await session.execute(update(Owed).where(Owed.effect == "e2").values(state="done"))
        assert await outbox.next_due(session) == START + timedelta(hours=2)
        assert await session.scalar(select(func.count(Touch.id))) == 0
