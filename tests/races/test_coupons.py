"""Coupons under a crowd: budgets hold, a code works once, a return happens once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select

from bot.domain.offers import Coupon, Offer, Redemption
from bot.events import Actor
from bot.store import customers, offers
from bot.store.engine import Sessions, open_engine, until_free
from bot.store.offers import Till
from tests.builders import LONG_AGO, a_customer, a_store, an_offer
from tests.races.crowd import crowd

NOW = LONG_AGO + timedelta(days=400)


async def test_two_hundred_tills_redeem_one_code_once(sessions, database_url, vault):
    async with sessions.begin() as session:
        offer, customer, store = (
            await an_offer(session),
            await a_customer(session),
            await a_store(session),
        )
        coupon = await offers.issue(
            session, offer_key=offer.key, customer_id=customer.id, trigger="t", now=NOW
        )

    async def redeem(session, i):
        till = Till(actor=Actor(kind="clerk", id=str(i)), store=store.code, order_no=f"A{i}")
        return (await offers.redeem(session, vault, coupon.code, till, now=NOW)).state

    assert await crowd(database_url, 200, redeem) == {"ok": 1, "used": 199}
    async with sessions.reading() as session:
        assert await session.scalar(select(func.count(Redemption.id))) == 1


async def test_a_budget_of_fifty_gives_fifty(sessions, database_url):
    async with sessions.begin() as session:
        offer = await an_offer(session, budget_pieces=50)
        customers = [(await a_customer(session)).id for _ in range(200)]

    async def claim(session, i):
        await offers.issue(
            session, offer_key=offer.key, customer_id=customers[i], trigger="t", now=NOW
        )
        return "given"

    assert await crowd(database_url, 200, claim) == {"given": 50, "out_of_stock": 150}
    async with sessions.reading() as session:
        assert await session.scalar(select(func.count(Coupon.id))) == 50
        assert await session.scalar(select(Offer.issued)) == 50


async def test_one_customer_asking_at_once_gets_her_one(sessions, database_url):
    async with sessions.begin() as session:
        offer, customer = await an_offer(session), await a_customer(session)

    async def claim(session, i):
        coupon = await offers.issue(
            session, offer_key=offer.key, customer_id=customer.id, trigger=f"t{i % 2}", now=NOW
        )
        return coupon.code

    answers = await crowd(database_url, 40, claim)
    assert answers["per_customer"] == 20
    assert len(answers) == 2  # the same code for everyone who asked for the same reason


async def test_a_family_asking_at_once_gets_the_one_of_the_household(
    sessions, database_url, vault
):
    async with sessions.begin() as session:
        offer = await an_offer(session, per_household=1)
        family = [
            await customers.meet(
                session, vault, kind="member_no", value=f"M{n}", phone="13800001111", at=NOW
            )
            for n in range(4)
        ]

    async def claim(session, i):
        who = family[i % 4].id
        await offers.issue(session, offer_key=offer.key, customer_id=who, trigger=f"t{i}", now=NOW)
        return "given"

    answers = await crowd(database_url, 40, claim)
    assert answers == {"given": 1, "per_customer": 9, "per_household": 30}
    async with sessions.reading() as session:
        assert await session.scalar(select(Offer.issued)) == 1


async def test_a_returned_order_returns_its_coupon_once(sessions, database_url, vault):
    async with sessions.begin() as session:
        offer, customer = await an_offer(session), await a_customer(session)
        coupon = await offers.issue(
            session, offer_key=offer.key, customer_id=customer.id, trigger="t", now=NOW
        )
        till = Till(actor=Actor(kind="clerk", id="1"), order_no="A1")
        await offers.redeem(session, vault, coupon.code, till, now=NOW)

    async def give_back(session, i):
        return str(await offers.return_for_order(session, "A1", NOW))

    assert await crowd(database_url, 20, give_back) == {"1": 1, "0": 19}
    async with sessions.reading() as session:
        assert await session.scalar(select(Coupon.state)) == "held"
        assert await session.scalar(select(Offer.issued)) == 1  # the budget is not restored


async def test_two_who_issue_of_the_same_offers_never_wait_for_ever(sessions, database_url):
    """One locks them in one order beforehand; the other does not care, and begins anew when the database says so."""
    async with sessions.begin() as session:
        keys = [(await an_offer(session)).key for _ in range(2)]
        customers = [(await a_customer(session)).id for _ in range(4)]
    doors = [Sessions(open_engine(database_url)) for _ in customers]

    async def both(i, *, careful):
        async with doors[i].begin() as session:
            if careful:
                await offers.lock_offers(session, keys)
            for key in keys if i % 2 else reversed(keys):
                await offers.issue(
                    session, offer_key=key, customer_id=customers[i], trigger="t", now=NOW
                )
                await asyncio.sleep(0.05)

    await asyncio.gather(
        *(until_free(partial(both, i, careful=i < 2)) for i in range(len(customers)))
    )
    async with sessions.reading() as session:
        assert await session.scalar(select(func.count(Coupon.id))) == 8
    for door in doors:
        await door.close()


async def test_one_order_takes_one_of_many_that_do_not_stack(sessions, database_url, vault):
    async with sessions.begin() as session:
        customer, codes = await a_customer(session), []
        for _ in range(12):
            given = await offers.issue(
                session,
                offer_key=(await an_offer(session)).key,
                customer_id=customer.id,
                trigger="t",
                now=NOW,
            )
            codes.append(given.code)

    async def redeem(session, i):
        till = Till(actor=Actor(kind="clerk", id="1"), order_no="A1", amount_fen=10_000)
        return (await offers.redeem(session, vault, codes[i], till, now=NOW)).state

    assert await crowd(database_url, 12, redeem) == {"ok": 1, "not_stackable": 11}
    async with sessions.reading() as session:
        states = select(Coupon.state, func.count()).group_by(Coupon.state)
        assert dict((await session.execute(states)).all()) == {"redeemed": 1, "held": 11}
