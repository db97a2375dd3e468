"""Orders as shops report them: in any order, repeated, refunded, and by buyers we know under other names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.customers import Customer, Store
from bot.domain.orders import Order, OrderEntry, OrderLine
from bot.domain.tiers import CustomerTier, PurchaseStats, TierMove
from bot.events import Buyer, Line, OrderKind, OrderReported
from bot.store import customers, orders

PAID, REFUNDED, CANCELLED = OrderKind.PAID, OrderKind.REFUNDED, OrderKind.CANCELLED


def reported(bot, kind=PAID, **changes) -> OrderReported:
    facts = {
        "at": bot.now,
        "source": "pos",
        "event_id": f"{kind}-{changes.get('refund_no')}-{changes.get('amount_fen')}",
        "kind": kind,
        "order_no": "A1",
        "amount_fen": 10_000,
        "buyer": Buyer(member_no="M1"),
    }
    return OrderReported(**(facts | changes))


async def the_order(bot) -> Order:
    async with bot.session() as session:
        return (await session.scalars(select(Order))).one()


async def net(bot) -> int:
    """By the entries, which must agree with the order itself."""
    order = await the_order(bot)
    async with bot.session() as session:
        entries = await session.scalar(select(func.sum(OrderEntry.amount_fen)))
    assert entries == order.amount_fen - order.refunded_fen
    return entries


async def test_an_order_reported_twice_counts_once(bot):
    await bot.receives(reported(bot), reported(bot, event_id="again"))
    assert await net(bot) == 10_000


async def test_identical_lines_of_one_order_are_distinct(bot):
    line = Line(sku="T1", name="白 T 恤", amount_fen=5_000)
    await bot.receives(
        reported(bot, lines=(line, line)), reported(bot, event_id="2", lines=(line,))
    )
    async with bot.session() as session:
        assert await session.scalar(select(func.count()).select_from(OrderLine)) == 2


async def test_a_refund_before_its_payment_is_kept(bot):
    await bot.receives(reported(bot, REFUNDED, refund_no="R1", amount_fen=3_000))
    order = await the_order(bot)
    assert (order.state, order.paid_at, order.refunded_fen) == ("awaited", None, 3_000)
    await bot.receives(reported(bot))
    assert await net(bot) == 7_000


async def test_partial_refunds_each_count_once_and_never_exceed_the_payment(bot):
    refund = {"kind": REFUNDED, "amount_fen": 4_000}
    await bot.receives(
        reported(bot),
        reported(bot, **refund, refund_no="R1"),
        reported(bot, **refund, refund_no="R1", event_id="again"),
        reported(bot, **refund, refund_no="R2"),
    )
    assert await net(bot) == 2_000
    await bot.receives(reported(bot, **refund, refund_no="R3"))
    assert await net(bot) == 0


async def test_a_refund_larger_than_its_late_payment_is_fitted_to_it(bot):
    await bot.receives(
        reported(bot, REFUNDED, refund_no="R1", amount_fen=9_000),
        reported(bot, REFUNDED, refund_no="R2", amount_fen=9_000),
        reported(bot),
    )
    assert await net(bot) == 0


@pytest.mark.parametrize("kinds", [(PAID, CANCELLED), (CANCELLED, PAID), (PAID, CANCELLED, PAID)])
async def test_a_cancelled_order_is_worth_nothing_in_whatever_order_that_is_heard(bot, kinds):
    for number, kind in enumerate(kinds):
        await bot.receives(reported(bot, kind, event_id=str(number)))
    assert await net(bot) == 0
    assert (await the_order(bot)).state == "cancelled"


async def test_what_one_event_did_is_told_to_everybody_who_hears_it(bot):
    async with bot.session() as session:
        event = reported(bot)
        first = await orders.record(session, bot.vault, event)
        assert await orders.recorded_now(session, event) is first
        assert (first.new, first.first, first.delta_fen) == (True, True, 10_000)
        again = reported(bot)
        await orders.record(session, bot.vault, again)
        told = await orders.recorded_now(session, again)
        assert (told.new, told.first, told.delta_fen) == (False, False, 0)


async def test_only_the_first_paid_order_is_the_first(bot):
    async with bot.session() as session:
        zero = await orders.record(session, bot.vault, reported(bot, order_no="A0", amount_fen=0))
        one = await orders.record(session, bot.vault, reported(bot, order_no="A1"))
        two = await orders.record(session, bot.vault, reported(bot, order_no="A2"))
    assert [zero.first, one.first, two.first] == [False, True, False]


async def test_the_buyer_store_and_moment_are_kept(bot):
    await bot.receives(reported(bot, store="S1", buyer=Buyer(phone="13800000001")))
    async with bot.session() as session:
        customer = (await session.scalars(select(Customer))).one()
        store = (await session.scalars(select(Store))).one()
    order = await the_order(bot)
    assert (order.customer_id, order.store_id) == (customer.id, store.id)
    assert (customer.stage, customer.last_active_at) == ("buys", bot.now)


async def test_a_phone_of_two_customers_buys_for_neither(bot):
    both = [Buyer(member_no=f"M{n}", phone="13800000001") for n in (1, 2)]
    await bot.receives(reported(bot, order_no="A1", buyer=both[0]))
    await bot.receives(reported(bot, order_no="A2", buyer=both[1]))
    await bot.receives(reported(bot, order_no="A3", buyer=Buyer(phone="138 0000 0001")))
    async with bot.session() as session:
        waiting = await orders.find(session, "pos", "A3")
        assert waiting.customer_id is None
        assert len(await customers.proposals(session)) == 1
    await bot.receives(reported(bot, OrderKind.COMPLETED, order_no="A3", buyer=both[1]))
    async with bot.session() as session:
        known = [
            (await orders.find(session, "pos", number)).customer_id for number in ("A2", "A3")
        ]
    assert known[0] == known[1]


async def test_an_order_gives_its_customer_a_tier_at_once(bot):
    await bot.receives(reported(bot))
    async with bot.session() as session:
        tier = (await session.scalars(select(CustomerTier))).one()
        move = (await session.scalars(select(TierMove))).one()
        stats = (await session.scalars(select(PurchaseStats))).one()
    assert (move.before, move.after, tier.tier) == (None, "核心", "核心")
    assert (stats.days, stats.orders, stats.amount_fen) == (1, 1, 10_000)


async def test_a_refund_changes_the_stats_and_makes_no_visit(bot):
    await bot.receives(reported(bot))
    bot.clock.advance(days=3)
    await bot.receives(reported(bot, REFUNDED, refund_no="R1", amount_fen=2_500, at=bot.now))
    async with bot.session() as session:
        stats = (await session.scalars(select(PurchaseStats))).one()
    assert (stats.days, stats.amount_fen) == (1, 7_500)
    assert stats.last_at == bot.now - timedelta(days=3)
