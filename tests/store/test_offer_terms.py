"""What an offer may be bound to: money, goods, places, other coupons, one order at a time, a line of waiting people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.campaigns import Touch
from bot.domain.offers import Coupon, Offer, Till
from bot.domain.orders import Order
from bot.domain.refusals import Refusal
from bot.events import Actor
from bot.events.shop import Line
from bot.store import offers
from tests.builders import LONG_AGO, a_customer, a_store, an_offer

NOW = LONG_AGO + timedelta(days=400, hours=3)
MEI = Actor(kind="clerk", id="mei")
MINUTE = timedelta(minutes=1)


async def give(session, offer: Offer, customer=None, *, trigger="t", now=NOW, **more) -> Coupon:
    customer = customer or await a_customer(session)
    return await offers.issue(
        session,
        offer_key=offer.key,
        customer_id=customer.id,
        trigger=trigger,
        now=now,
        or_waits=True,
        **more,
    )


async def refused(session, offer: Offer, customer=None) -> str:
    with pytest.raises(Refusal) as refusal:
        await give(session, offer, customer, trigger="another")
    return refusal.value.reason


@pytest.fixture
def at_till(vault):
    async def use(session, coupon, *, act=offers.redeem, now=NOW, **till: Any):
        return await act(session, vault, coupon.code, Till(actor=MEI, **till), now=now)

    return use


async def fresh(session, offer: Offer) -> Offer:
    return await session.get_one(Offer, offer.id, populate_existing=True)


async def test_money_ends_before_the_pieces_do(sessions):
    async with sessions.begin() as session:
        offer = await an_offer(session, value=3000, piece_fen=3000, budget_fen=7000)
        await give(session, offer)
        await give(session, offer)
        assert await refused(session, offer) == "out_of_stock"
        assert ((await fresh(session, offer)).issued, offer.owed_fen) == (2, 6000)


async def test_a_percentage_ends_at_its_most(sessions, at_till):
    async with sessions.begin() as session:
        offer = await an_offer(session, kind="percent", value=20, most_fen=5000)
        said = await at_till(session, await give(session, offer), amount_fen=100_000)
    assert (said.discount_fen, said.payable_fen) == (5000, 95_000)
    assert "最多减 50 元" in said.gives


async def test_only_the_right_goods_count(sessions, at_till):
    cup = Line(sku="cup", name="杯", category="家居", amount_fen=5000)
    coat = Line(sku="coat", name="外套", category="上衣", amount_fen=30_000)
    async with sessions.begin() as session:
        offer = await an_offer(session, goods=["上衣"], threshold_fen=20_000)
        coupon = await give(session, offer)
        wrong = await at_till(session, coupon, amount_fen=5000, lines=(cup,))
        short = await at_till(session, coupon, amount_fen=19_999)
        right = await at_till(session, coupon, amount_fen=35_000, lines=(cup, coat))
    assert [said.state for said in (wrong, short, right)] == [
        "wrong_goods",
        "below_threshold",
        "ok",
    ]


async def test_any_store_is_not_the_mall(sessions, at_till):
    async with sessions.begin() as session:
        coupon, store = await give(session, await an_offer(session, stores=["*"])), None
        mall = await at_till(session, coupon, amount_fen=10_000)
        store = await a_store(session)
        shop = await at_till(session, coupon, store=store.code)
    assert (mall.state, mall.status, shop.state) == ("wrong_store", 403, "ok")


async def test_one_order_takes_one_of_those_that_do_not_stack(sessions, at_till):
    order = {"order_no": "A1", "amount_fen": 5000}
    async with sessions.begin() as session:
        alone = [await give(session, await an_offer(session)) for _ in range(2)]
        extra = await give(session, await an_offer(session, stacks=True))
        first, second, third = [
            await at_till(session, coupon, **order) for coupon in (*alone, extra)
        ]
        await offers.void(session, code=alone[0].code, actor=MEI, reason="扫错了", now=NOW)
        instead = await at_till(session, alone[1], **order)
    assert (first.payable_fen, second.state, second.status) == (2000, "not_stackable", 409)
    assert (third.discount_fen, third.payable_fen) == (2000, 0)  # never below nothing
    assert (instead.state, instead.discount_fen) == ("ok", 3000)


async def test_who_has_bought_gets_no_first_order_coupon(sessions, at_till):
    async with sessions.begin() as session:
        offer, new = await an_offer(session, first_order=True), await a_customer(session)
        coupon = await give(session, offer, new)
        folded = await a_customer(session, merged_into=new.id)
        for number in ("A1", "A2"):
            session.add(
                Order(
                    source="pos",
                    order_no=number,
                    customer_id=folded.id,
                    paid_at=NOW,
                    amount_fen=100,
                    state="paid",
                )
            )
        await session.flush()
        another = await an_offer(session, first_order=True)
        assert await refused(session, another, new) == "not_first_order"
        assert (await at_till(session, coupon, order_no="A2")).state == "not_first_order"


async def test_a_reserved_coupon_waits_for_its_order_and_for_no_longer(sessions, vault, at_till):
    async with sessions.begin() as session:
        coupon = await give(session, await an_offer(session))
        end = coupon.expires_at - MINUTE
        kept = await at_till(session, coupon, act=offers.reserve, order_no="A1", now=end)
        other = await at_till(session, coupon, order_no="A2", now=end)
        late = await at_till(session, coupon, order_no="A1", now=end + 5 * MINUTE)
        assert (kept.state, other.state, other.status) == ("ok", "reserved", 409)
        assert late.state == "ok"  # it ran out while it was promised
        second = await give(session, await an_offer(session))
        await at_till(session, second, act=offers.reserve, order_no="B1")
        assert not await offers.release(session, second.code, "B2")
        assert await offers.release(session, second.code, "B1")
        again = await at_till(session, second, act=offers.reserve, order_no="B2")
        after = await at_till(session, second, order_no="B3", now=NOW + 15 * MINUTE)
    assert (again.state, after.state) == ("ok", "ok")


async def test_what_is_lost_with_its_order_stays_used(sessions, at_till):
    async with sessions.begin() as session:
        coupon = await give(session, await an_offer(session, after_return="lost"))
        await at_till(session, coupon, order_no="A1")
        assert await offers.return_for_order(session, "A1", NOW) == 0
        assert (await at_till(session, coupon, order_no="A2")).state == "used"


async def test_who_comes_too_late_waits_until_somebody_steps_back(sessions, at_till):
    async with sessions.begin() as session:
        offer = await an_offer(session, kind="access", budget_pieces=1, queue=True)
        seat = await give(session, offer)
        line = [await give(session, offer, now=NOW + n * MINUTE) for n in (1, 2)]
        assert [coupon.state for coupon in line] == ["waiting"] * 2
        assert (await at_till(session, line[0])).state == "withdrawn"
        await offers.decline(
            session, coupon_id=seat.id, customer_id=seat.customer_id, now=NOW + 3 * MINUTE
        )
        query = select(Coupon.state).order_by(Coupon.id)
        assert list(await session.scalars(query)) == ["declined", "held", "waiting"]
        assert (await fresh(session, offer)).issued == 1
        with pytest.raises(Refusal, match="unknown"):
            await offers.decline(
                session, coupon_id=line[1].id, customer_id=seat.customer_id, now=NOW
            )


async def test_a_coupon_nobody_was_told_of_is_taken_back(sessions):
    """As when a guide never confirmed; what was delivered, or nobody knows of, stays."""
    async with sessions.begin() as session:
        offer = await an_offer(session, budget_pieces=3, piece_fen=3000, budget_fen=9000)
        for number, state in enumerate(("expired", "delivered", "unknown")):
            customer = await a_customer(session)
            coupon = await give(session, offer, customer, trigger=f"touch:{number}")
            session.add(
                Touch(
                    customer_id=customer.id,
                    template="t",
                    purpose="marketing",
                    state=state,
                    coupon_id=coupon.id,
                    planned_at=NOW,
                    due_at=NOW,
                    settled_at=NOW,
                )
            )
        await session.flush()
        assert [await offers.withdraw_untold(session, NOW) for _ in range(2)] == [1, 0]
        states = list(await session.scalars(select(Coupon.state).order_by(Coupon.id)))
        assert states == ["withdrawn", "held", "held"]
        assert ((await fresh(session, offer)).issued, offer.owed_fen) == (2, 6000)
        assert (await give(session, offer)).state == "held"
