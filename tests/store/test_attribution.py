"""Orders find their touch; lift deducts refunds."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.domain.campaigns import Attribution, Touch
from bot.domain.orders import Order
from bot.outbound.attribution import attribute_due
from bot.store import attribution
from tests.hands import Hands
from tests.outbound.conftest import a_campaign, friends, looks, runs


async def an_order(bot, customer, at, fen=10_000, refunded=0):
    async with bot.session() as session:
        number = f"no{customer.id}-{at.timestamp()}"
        order = Order(
            source="shop",
            order_no=number,
            customer_id=customer.id,
            paid_at=at,
            amount_fen=fen,
            refunded_fen=refunded,
            state="paid",
        )
        session.add(order)
        await session.flush()
        return order


async def delivered(bot, n=1, **changes):
    hands = Hands(bot)
    _, made = await friends(bot, n)
    campaign = await a_campaign(bot, **changes)
    await runs(bot)
    hands.confirm()
    await looks(bot)
    return campaign, made


async def attributed(bot):
    await bot.works(attribute_due, attribute_due)
    async with bot.session() as session:
        return {row.order_id: row.how for row in await session.scalars(select(Attribution))}


async def test_an_order_within_a_week_of_a_touch_is_owed_to_it(bot):
    _, (customer,) = await delivered(bot)
    order = await an_order(bot, customer, bot.now + timedelta(hours=1))
    bot.clock.advance(hours=2)
    assert await attributed(bot) == {order.id: "window"}


async def test_an_order_before_the_touch_or_long_after_is_not(bot):
    _, (customer,) = await delivered(bot)
    await an_order(bot, customer, bot.now - timedelta(hours=5))
    await an_order(bot, customer, bot.now + timedelta(days=8))
    bot.clock.advance(days=8, hours=1)
    assert await attributed(bot) == {}


async def test_lift_compares_all_who_were_chosen_with_all_who_were_kept_out(bot):
    campaign, made = await delivered(bot, 60, holdout_percent=50)
    async with bot.session() as session:
        rows = await session.scalars(select(Touch).where(Touch.campaign_id == campaign.id))
        arms = {touch.customer_id: touch.arm for touch in rows}
    for customer in made:
        fen = 20_000 if arms[customer.id] == "treated" else 10_000
        await an_order(bot, customer, bot.now + timedelta(days=1), fen=fen, refunded=5_000)
    async with bot.session() as session:
        found = await attribution.lift(session, bot.now + timedelta(days=8))
    assert (found.treated, found.holdout) == (15_000, 5_000)
    assert found.low == found.high == 10_000
    assert found.n_treated + found.n_holdout == 60
