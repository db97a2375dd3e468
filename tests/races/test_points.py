"""Points and windows under a crowd."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from bot.domain.points import PointsAccount, PointsEntry
from bot.store import conversations, points
from tests.builders import LONG_AGO, a_customer
from tests.races.crowd import crowd

NOW = LONG_AGO + timedelta(days=400)


async def test_the_last_hundred_points_are_spent_once(sessions, database_url):
    async with sessions.begin() as session:
        customer = await a_customer(session)
        await points.earn(session, customer_id=customer.id, points=100, effect="gift", at=NOW)

    async def spend(session, i):
        await points.spend(
            session, customer_id=customer.id, points=100, effect=f"spend{i}", at=NOW
        )
        return "spent"

    assert await crowd(database_url, 200, spend) == {"spent": 1, "not_enough_points": 199}
    async with sessions.reading() as session:
        assert await session.scalar(select(PointsAccount.balance)) == 0
        assert await session.scalar(select(func.sum(PointsEntry.delta))) == 0


async def test_one_effect_counts_once(sessions, database_url):
    async with sessions.begin() as session:
        customer = await a_customer(session)

    async def earn(session, i):
        await points.earn(session, customer_id=customer.id, points=7, effect="order:1", at=NOW)
        return "done"

    await crowd(database_url, 50, earn)
    async with sessions.reading() as session:
        assert await points.balance(session, customer.id) == 7


async def test_a_window_lets_five_through(sessions, database_url, vault):
    async with sessions.begin() as session:
        customer = await a_customer(session)
        await conversations.opened(
            session, customer_id=customer.id, channel="kf", address="a", by="message", at=NOW
        )

    async def write(session, i):
        return str(await conversations.use_window(session, customer.id, "kf", NOW))

    assert await crowd(database_url, 40, write) == {"True": 5, "False": 35}
