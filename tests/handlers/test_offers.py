"""Coupons by a person's act and by the order that names them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.domain.audit import AuditRow
from bot.domain.offers import Coupon, Redemption, TillMiss
from bot.domain.refusals import Refusal
from bot.events import (
    Actor,
    AdjustPoints,
    Buyer,
    DecidePoints,
    IssueCoupon,
    OrderKind,
    OrderReported,
    RedeemCoupon,
    SpendPoints,
    VoidRedemption,
)
from bot.events.commands import DecideProposal
from bot.store import points
from tests.builders import a_customer, an_offer

MEI = Actor(kind="clerk", id="mei", store="S1")
ADMIN = Actor(kind="admin", id="lin")
HER = "wm-buyer"


@pytest.fixture
async def coupon(bot) -> Coupon:
    async with bot.session() as session:
        customer = await a_customer(session, external_userid=HER)
        offer = await an_offer(session, key="gift")
    issue = IssueCoupon(
        at=bot.now, actor=ADMIN, key=bot.key(), offer=offer.key, customer_id=customer.id
    )
    await bot.does(issue)
    async with bot.session() as session:
        return (await session.scalars(select(Coupon))).one()


def redeems(bot, code: str, **changes) -> RedeemCoupon:
    return RedeemCoupon(
        **({"at": bot.now, "actor": MEI, "key": bot.key(), "code": code} | changes)
    )


def order(bot, kind: OrderKind, **changes) -> OrderReported:
    facts = {
        "at": bot.now,
        "source": "pos",
        "event_id": bot.key(),
        "kind": kind,
        "order_no": "A1",
        "amount_fen": 40000,
        "buyer": Buyer(external_userid=HER),
    }
    return OrderReported(**(facts | changes))


async def state_of(bot) -> str:
    async with bot.session() as session:
        return await session.scalar(select(Coupon.state))


async def test_a_repeated_request_gets_the_same_answer(bot, coupon):
    command = redeems(bot, coupon.code, amount_fen=10000)
    first = await bot.does(command)
    assert await bot.does(command) == first
    assert (first["state"], first["payable_fen"]) == ("ok", 7000)
    with pytest.raises(Refusal) as refusal:
        await bot.does(redeems(bot, coupon.code, amount_fen=10000))
    assert (refusal.value.reason, refusal.value.status) == ("used", 409)


async def test_wrong_codes_stay_counted_although_refused(bot, coupon):
    reasons = []
    for i in range(11):
        with pytest.raises(Refusal) as refusal:
            await bot.does(redeems(bot, f"NOSUCH{i}"))
        reasons.append((refusal.value.reason, refusal.value.status))
    assert reasons == [("unknown", 404)] * 10 + [("locked", 429)]
    async with bot.session() as session:
        assert await session.scalar(select(TillMiss.misses)) == 11


async def test_a_locked_till_writes_nothing_more_and_its_order_goes_through_once_it_is_free(
    bot, coupon
):
    wanted = redeems(bot, coupon.code)
    for i in range(11):
        with pytest.raises(Refusal):
            await bot.does(redeems(bot, f"NOSUCH{i}"))
    async with bot.session() as session:
        rows = await session.scalar(select(func.count(AuditRow.id)))
    for _ in range(3):
        with pytest.raises(Refusal, match="locked"):
            await bot.does(wanted)
    async with bot.session() as session:
        assert await session.scalar(select(func.count(AuditRow.id))) == rows
    bot.clock.advance(minutes=10)
    assert (await bot.does(wanted))["state"] == "ok"


@pytest.mark.parametrize("amount", [0, -1, 10**12])
async def test_impossible_amounts_are_refused(bot, coupon, amount):
    with pytest.raises(Refusal, match="bad_amount"):
        await bot.does(redeems(bot, coupon.code, amount_fen=amount))


async def test_taking_back_needs_a_reason(bot, coupon):
    await bot.does(redeems(bot, coupon.code))
    void = {"at": bot.now, "actor": MEI, "code": coupon.code}
    with pytest.raises(Refusal, match="no_reason"):
        await bot.does(VoidRedemption(**void, key=bot.key(), reason=" "))
    told = await bot.does(VoidRedemption(**void, key=bot.key(), reason="扫错了"))
    assert told["state"] == "held"


async def test_an_order_uses_the_coupon_it_names_and_gives_it_back_once(bot, coupon):
    await bot.receives(order(bot, OrderKind.PAID, coupon_codes=(coupon.code,)))
    assert await state_of(bot) == "redeemed"
    half = order(bot, OrderKind.REFUNDED, amount_fen=20000, refund_no="R1")
    await bot.receives(half)
    assert await state_of(bot) == "redeemed"
    rest = order(bot, OrderKind.REFUNDED, amount_fen=20000, refund_no="R2")
    await bot.receives(rest, rest)
    assert await state_of(bot) == "held"
    async with bot.session() as session:
        assert len((await session.scalars(select(Redemption))).all()) == 1


async def test_points_follow_the_order(bot, coupon):
    await bot.receives(order(bot, OrderKind.PAID), order(bot, OrderKind.CANCELLED))
    async with bot.session() as session:
        assert await points.balance(session, coupon.customer_id) == 0


async def test_points_are_spent_and_corrected(bot, coupon):
    hers = {"at": bot.now, "customer_id": coupon.customer_id}
    given = await bot.does(
        AdjustPoints(**hers, actor=ADMIN, key=bot.key(), delta=50, reason="补登")
    )
    spent = await bot.does(SpendPoints(**hers, actor=MEI, key=bot.key(), points=30, what="杯子"))
    assert (given["balance"], spent["balance"]) == (50, 20)
    for wrong in ({"delta": 1_000_001, "reason": "x"}, {"delta": 1, "reason": ""}):
        with pytest.raises(Refusal) as refusal:
            await bot.does(AdjustPoints(**hers, actor=ADMIN, key=bot.key(), **wrong))
        assert refusal.value.status == 422


async def test_a_large_correction_takes_two_people(bot, coupon):
    hers = {"at": bot.now, "customer_id": coupon.customer_id}
    asked = await bot.does(
        AdjustPoints(**hers, actor=ADMIN, key=bot.key(), delta=5001, reason="补登")
    )
    assert asked["state"] == "pending"
    decides = {"at": bot.now, "request_id": asked["request_id"], "agreed": True}
    with pytest.raises(Refusal, match="same_person"):
        await bot.does(DecidePoints(**decides, actor=ADMIN, key=bot.key()))
    other = Actor(kind="owner", id="qin")
    told = await bot.does(DecidePoints(**decides, actor=other, key=bot.key()))
    assert told["balance"] == 5001
    with pytest.raises(Refusal, match="decided"):
        await bot.does(DecidePoints(**decides, actor=other, key=bot.key()))


async def test_a_customer_spends_only_her_own_points(bot, coupon):
    stranger = Actor(kind="customer", id="somebody-else")
    hers = {"at": bot.now, "customer_id": coupon.customer_id, "points": 1, "what": "杯子"}
    with pytest.raises(Refusal) as refusal:
        await bot.does(SpendPoints(**hers, actor=stranger, key=bot.key()))
    assert refusal.value.status == 404


async def test_a_guide_gives_so_many_a_day_and_more_with_a_second_person(bot):
    async with bot.session() as session:
        customer = await a_customer(session)
        offer = await an_offer(session, per_customer=9)
    hers = {"offer": offer.key, "customer_id": customer.id}
    su = Actor(kind="guide", id="su")

    async def gives() -> dict[str, object]:
        return await bot.does(IssueCoupon(at=bot.now, actor=su, key=bot.key(), **hers))

    for _ in range(5):
        await gives()
    with pytest.raises(Refusal, match="second_person") as waits:
        await gives()
    asked = {"proposal_id": waits.value.facts["proposal_id"], "agreed": True}
    await bot.does(DecideProposal(at=bot.now, actor=ADMIN, key=bot.key(), **asked))
    async with bot.session() as session:
        assert len((await session.scalars(select(Coupon))).all()) == 6
    bot.clock.advance(days=1)
    assert "code" in await gives()
