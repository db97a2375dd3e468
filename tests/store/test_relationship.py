"""How far people have come, and whom they brought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.customers import Customer
from bot.domain.influence import Influence
from bot.domain.orders import Order
from bot.store import relationship
from tests.builders import a_customer, a_follow, a_guide

NOW = datetime(2026, 3, 12, tzinfo=UTC)
CONFIG = Influence()


async def brings(session, giver, guide, count, **changes):
    for _ in range(count):
        friend = await a_customer(session)
        state = f"share-{giver.ref}"
        await a_follow(session, friend, guide, state=state, since=NOW, **changes)
    return friend


async def test_a_low_spender_with_forty_friends_is_a_koc(sessions):
    async with sessions.begin() as s:
        giver, other, guide = await a_customer(s), await a_customer(s), await a_guide(s)
        friend = await brings(s, giver, guide, 40)
        s.add(Order(source="t", order_no="1", state="paid", customer_id=friend.id, amount_fen=1))
        await brings(s, other, guide, 1, ended_at=NOW)
        await brings(s, other, guide, 1)
    async with sessions.begin() as s:
        assert await relationship.count_influence(s, CONFIG, NOW) == 2
        assert await relationship.count_influence(s, CONFIG, NOW) == 0
        assert await relationship.brought(s, giver.id, CONFIG, NOW) == (40, 1, 0)
        influence = [(await s.get(Customer, who.id)).influence for who in (giver, other)]
        assert influence == [40 * 5 + 5, 5]
        assert influence[0] >= CONFIG.koc > influence[1]


async def test_nobody_brings_herself_or_a_friend_who_was_there_already(sessions):
    async with sessions.begin() as s:
        giver, early = await a_customer(s), await a_customer(s)
        one, two = await a_guide(s), await a_guide(s)
        code = f"share-{giver.ref}"
        await a_follow(s, giver, one, state=code, since=NOW)
        await a_follow(s, early, one, state="till", since=NOW - timedelta(days=9))
        await a_follow(s, early, two, state=code, since=NOW)
        assert await relationship.brought(s, giver.id, CONFIG, NOW) == (0, 0, 0)


async def test_people_go_on_and_never_back(sessions):
    async with sessions.begin() as s:
        giver, guide = await a_customer(s), await a_guide(s)
        buyer, loyal = await a_customer(s), await a_customer(s, stage="shares")
        await brings(s, giver, guide, 1)
        facts = {"source": "t", "state": "paid", "paid_at": NOW, "amount_fen": 100}
        s.add(Order(order_no="1", customer_id=buyer.id, **facts))
        s.add(Order(order_no="2", customer_id=loyal.id, **facts))
        await s.flush()
        assert await relationship.advance_stages(s) == 2
        assert await relationship.advance_stages(s) == 0
        for one in (giver, buyer, loyal):
            await s.refresh(one)
        assert [one.stage for one in (giver, buyer, loyal)] == ["shares", "buys", "shares"]
