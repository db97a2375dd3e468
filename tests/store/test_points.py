"""What orders earn, what returns take back, and how levels are reached."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.levels import STANDARD
from bot.domain.orders import Order
from bot.domain.points import PointsEntry
from bot.domain.refusals import Refusal
from bot.store import points
from tests.builders import a_customer

NOW = datetime(2026, 3, 12, 2, tzinfo=UTC)


async def bought(
    session, yuan: int, *, refunded: int = 0, at=NOW, levels=STANDARD, **customer
) -> Order:
    hers = await a_customer(session, **customer)
    order = Order(
        source="pos",
        order_no=f"A{hers.id}",
        customer_id=hers.id,
        paid_at=at,
        amount_fen=yuan * 100,
        refunded_fen=refunded * 100,
        state="paid",
    )
    session.add(order)
    await session.flush()
    await points.settle_order(session, order, key="paid", at=at, levels=levels)
    return order


async def refund(session, order: Order, yuan: int, *, key: str, levels=STANDARD) -> int:
    order.refunded_fen += yuan * 100
    await points.settle_order(session, order, key=key, at=NOW, levels=levels)
    return await points.balance(session, order.customer_id)


async def test_ten_yuan_are_a_point(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 399)
        assert await points.balance(session, order.customer_id) == 39


async def test_her_birthday_month_counts_twice(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 399, birthday_month=3)
        assert await points.balance(session, order.customer_id) == 78


async def test_returns_take_back_exactly_what_was_given(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 399)
        left = [await refund(session, order, 133, key=f"r{i}") for i in range(3)]
    assert left == [26, 13, 0]


async def test_a_return_told_twice_counts_once(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 400)
        await refund(session, order, 100, key="r1")
        assert await refund(session, order, 0, key="r1") == 30


async def test_a_return_known_before_the_payment_is_taken_at_once(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 400, refunded=400)
        rows = await session.scalar(select(func.count(PointsEntry.id)))
        assert await points.balance(session, order.customer_id) == 0
        assert rows == 2


async def test_a_level_is_reached_by_a_year_and_never_lost_silently(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 3000)
        assert await points.level_of(session, order.customer_id) == "黄金"
        await refund(session, order, 3000, key="r")
        assert await points.level_of(session, order.customer_id) == "黄金"


async def test_what_was_earned_over_a_year_ago_lifts_nobody(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 900, at=NOW - timedelta(days=366))
        later = await points.earn(
            session, customer_id=order.customer_id, points=50, effect="x", at=NOW
        )
    assert (later.earned_year, later.level, later.risen) == (50, "青铜", False)


async def test_a_return_of_spent_points_leaves_a_debt_in_the_ledger(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 400)
        hers = order.customer_id
        await points.spend(session, customer_id=hers, points=40, effect="cup", at=NOW)
        assert await refund(session, order, 400, key="r") == -40
        with pytest.raises(Refusal, match="not_enough_points"):
            await points.spend(session, customer_id=hers, points=1, effect="more", at=NOW)
        assert sum(entry.delta for entry in await points.entries(session, hers)) == -40


LASTING_A_YEAR = STANDARD.model_copy(update={"expire_after_months": 12})


async def test_what_was_not_used_runs_out_once_and_the_oldest_is_used_first(sessions):
    async with sessions.begin() as session:
        hers = (await a_customer(session)).id
        for months, given in ((0, 100), (2, 50)):
            at, effect = NOW + timedelta(days=31 * months), f"e{months}"
            await points.earn(
                session,
                customer_id=hers,
                points=given,
                effect=effect,
                at=at,
                levels=LASTING_A_YEAR,
            )
        await points.spend(session, customer_id=hers, points=30, effect="cup", at=NOW)
        end = datetime(2027, 3, 31, 16, tzinfo=UTC)
        assert await points.expiring(session, [hers], end - timedelta(seconds=1)) == {}
        assert await points.expiring(session, [hers], end) == {hers: 70}
        assert [await points.expire(session, end) for _ in range(2)] == [1, 0]
        assert await points.balance(session, hers) == 50
        assert await points.expire(session, end + timedelta(days=62)) == 1
        assert await points.balance(session, hers) == 0


async def test_what_an_order_took_back_does_not_run_out_again(sessions):
    async with sessions.begin() as session:
        order = await bought(session, 400, levels=LASTING_A_YEAR)
        await refund(session, order, 100, key="r1", levels=LASTING_A_YEAR)
        later = NOW + timedelta(days=500)
        assert await points.expiring(session, [order.customer_id], later) == {
            order.customer_id: 30
        }
