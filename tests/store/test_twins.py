"""A fan and a friend were each given the newcomer's coupon before anybody knew that they are one person."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.domain.customers import Customer
from bot.domain.offers import Coupon, Offer
from bot.events import Actor
from bot.store import customers, offers
from bot.store.offers import Till
from tests.builders import an_offer

CLERK = Till(actor=Actor(kind="clerk", id="mei"), store=None, order_no="A1", amount_fen=30000)


@pytest.fixture
async def twins(bot) -> tuple[Customer, Customer]:
    async with bot.session() as s:
        offer = await an_offer(s, key="first-gift", per_customer=1, budget_pieces=9)
        made = [
            await customers.meet(s, bot.vault, kind=kind, value=f"{kind}-1", at=bot.now)
            for kind in ("openid", "kf")
        ]
        for one in made:
            await offers.issue(
                s, offer_key=offer.key, customer_id=one.id, trigger="chat", now=bot.now
            )
    return made[0], made[1]


async def state(bot) -> tuple[list[str], int]:
    async with bot.session() as s:
        states = (await s.scalars(select(Coupon.state).order_by(Coupon.id))).all()
        return list(states), (await s.scalars(select(Offer.issued))).one()


async def merge(bot, twins) -> None:
    async with bot.session() as s:
        kept, merged = [await s.get_one(Customer, one.id) for one in twins]
        await customers.join(s, bot.vault, kept=kept, merged=merged, reason="unionid", at=bot.now)


async def test_what_she_has_not_used_goes_back_into_the_budget(bot, twins):
    await merge(bot, twins)
    assert await state(bot) == (["held", "withdrawn"], 1)


async def test_of_one_used_and_one_not_the_used_one_counts(bot, twins):
    async with bot.session() as s:
        code = await s.scalar(select(Coupon.code).where(Coupon.customer_id == twins[1].id))
        await offers.redeem(s, bot.vault, code, CLERK, now=bot.now)
    await merge(bot, twins)
    assert await state(bot) == (["withdrawn", "redeemed"], 1)
    async with bot.session() as s:
        unused = await s.scalar(
            select(Coupon.code).where(Coupon.customer_id == twins[0].id).order_by(Coupon.id)
        )
        verdict = await offers.redeem(s, bot.vault, unused, CLERK, now=bot.now)
    assert verdict.state == "withdrawn"


async def test_a_till_that_is_just_using_one_keeps_it(bot, twins):
    async with bot.session() as s:
        code = await s.scalar(select(Coupon.code).where(Coupon.customer_id == twins[1].id))
        await offers.reserve(s, bot.vault, code, CLERK, now=bot.now)
    await merge(bot, twins)
    assert await state(bot) == (["withdrawn", "held"], 1)


async def test_they_were_two_people_after_all(bot, twins):
    await merge(bot, twins)
    async with bot.session() as s:
        await customers.part(s, bot.vault, customer_id=twins[1].id, at=bot.now, by="owner:1")
    assert await state(bot) == (["held", "held"], 2)
