"""A coupon's life: issued, shown, judged at the till, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.offers import ALPHABET, Coupon, Offer, OfferSpec, Redemption
from bot.domain.refusals import Refusal
from bot.events import Actor
from bot.store import offers
from bot.store.offers import Till
from tests.builders import LONG_AGO, a_customer, a_store, an_offer

NOW = LONG_AGO + timedelta(days=400, hours=3)
MEI = Actor(kind="clerk", id="mei")
SPEC: dict[str, Any] = {
    "key": "hello",
    "name": "见面礼",
    "kind": "amount",
    "value": 3000,
    "budget_pieces": 10,
    "valid_days": 14,
}


async def give(session, *, now=NOW, trigger="t", **offer: Any) -> Coupon:
    made, customer = await an_offer(session, **offer), await a_customer(session)
    return await offers.issue(
        session, offer_key=made.key, customer_id=customer.id, trigger=trigger, now=now
    )


async def refused(session, **offer: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await give(session, **offer)
    return refusal.value.reason


def test_a_day_that_a_page_writes_as_the_end_counts_whole():
    spec = OfferSpec.model_validate(SPEC | {"starts": "2026-04-01", "ends": "2026-04-30"})
    assert [f"{at:%m-%d %H:%M}" for at in spec.span()] == ["04-01 00:00", "05-01 00:00"]
    assert OfferSpec.model_validate(spec.model_dump(mode="json")) == spec


async def test_a_code_can_be_read_aloud(sessions):
    async with sessions.begin() as session:
        coupon = await give(session)
    assert len(coupon.code) == 10
    assert set(coupon.code) <= set(ALPHABET)
    assert not set("01OI") & set(ALPHABET)


async def test_the_same_trigger_gives_the_same_coupon(sessions):
    async with sessions.begin() as session:
        first = await give(session)
        offer = await session.get_one(Offer, first.offer_id)
        again = await offers.issue(
            session, offer_key=offer.key, customer_id=first.customer_id, trigger="t", now=NOW
        )
        assert again.code == first.code
        assert offer.issued == 1


async def test_no_coupon_is_given_without_reason(sessions):
    day = timedelta(days=1)
    async with sessions.begin() as session:
        assert await refused(session, state="paused") == "paused"
        assert await refused(session, starts_at=NOW + day) == "not_started"
        assert await refused(session, ends_at=NOW) == "ended"
        assert await refused(session, budget_pieces=0) == "out_of_stock"


async def test_each_customer_gets_no_more_than_her_share(sessions):
    async with sessions.begin() as session:
        coupon = await give(session)
        offer = await session.get_one(Offer, coupon.offer_id)
        with pytest.raises(Refusal, match="per_customer"):
            await offers.issue(
                session,
                offer_key=offer.key,
                customer_id=coupon.customer_id,
                trigger="another",
                now=NOW,
            )
        assert offer.issued == 1


async def verdict(session, vault, coupon, *, now=NOW, **till: Any):
    presented = till.pop("presented", coupon.code)
    return await offers.redeem(session, vault, presented, Till(actor=MEI, **till), now=now)


async def test_a_till_hears_when_and_where_a_coupon_was_used(sessions, vault):
    async with sessions.begin() as session:
        coupon, store = await give(session), await a_store(session, name="人民路店")
        first = await verdict(session, vault, coupon, store=store.code)
        second = await verdict(session, vault, coupon, store="elsewhere")
    assert first.state == "ok"
    assert second.state == "used"
    assert "人民路店" in second.words
    assert second.used_at == NOW


async def test_a_pasted_code_may_have_spaces_and_small_letters(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session)
        typed = f" {coupon.code[:5].lower()} - {coupon.code[5:]} "
        assert (await verdict(session, vault, coupon, presented=typed)).state == "ok"


async def test_the_last_day_counts_whole_and_the_end_does_not(sessions, vault):
    async with sessions.begin() as session:
        coupon, other = await give(session), await give(session)
        late = coupon.expires_at
        last = await verdict(session, vault, coupon, now=late - timedelta(seconds=1))
        over = await verdict(session, vault, other, now=late)
    assert late - timedelta(days=15) <= NOW < late - timedelta(days=14)
    assert last.state == "ok"
    assert over.state == "expired"


async def test_a_clock_turned_back_redeems_nothing(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session)
        early = await verdict(session, vault, coupon, now=NOW - timedelta(days=1))
    assert early.state == "not_yet"


async def test_another_stores_coupon_is_refused_and_hers_suggested(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session, stores=["S-9"])
        mine = await an_offer(session, name="新人 8 折", kind="percent", value=20)
        await offers.issue(
            session, offer_key=mine.key, customer_id=coupon.customer_id, trigger="x", now=NOW
        )
        said = await verdict(session, vault, coupon, store="S-1")
    assert said.state == "wrong_store"
    assert said.status == 403
    assert "新人 8 折" in said.words


async def test_a_threshold_needs_the_amount_and_reaches_it(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session, threshold_fen=20000)
        blind = await verdict(session, vault, coupon)
        short = await verdict(session, vault, coupon, amount_fen=19999)
        enough = await verdict(session, vault, coupon, amount_fen=20000)
    assert (blind.state, short.state) == ("amount_needed", "below_threshold")
    assert (enough.discount_fen, enough.payable_fen) == (3000, 17000)


async def test_a_discount_is_never_above_the_amount(sessions, vault):
    async with sessions.begin() as session:
        said = await verdict(session, vault, await give(session, value=5000), amount_fen=1000)
    assert (said.discount_fen, said.payable_fen) == (1000, 0)


async def test_looking_up_changes_nothing(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session)
        for _ in range(2):
            seen = await offers.look_up(session, vault, coupon.code, Till(actor=MEI), now=NOW)
    assert seen.state == "ok"


async def test_a_photographed_qr_dies_within_two_minutes(sessions, vault):
    minute = timedelta(minutes=1)
    async with sessions.begin() as session:
        coupon = await give(session)
        token = offers.qr_token(vault, coupon.code, NOW)
        stale = await verdict(session, vault, coupon, presented=token, now=NOW + 2 * minute)
        fresh = await verdict(session, vault, coupon, presented=token, now=NOW + minute)
        forged = await verdict(session, vault, coupon, presented=token[:-6] + "AAAAAA")
    assert coupon.code not in token
    assert (stale.state, fresh.state, forged.state) == ("stale_qr", "ok", "unknown")


async def test_ten_wrong_codes_lock_the_till_for_ten_minutes(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session)
        wrong = [
            (await verdict(session, vault, coupon, presented=f"WRONG{i}")).state for i in range(11)
        ]
        right = await verdict(session, vault, coupon)
        later = await verdict(session, vault, coupon, now=NOW + timedelta(minutes=10))
    assert wrong == ["unknown"] * 10 + ["locked"]
    assert (right.state, right.status) == ("locked", 429)
    assert later.state == "ok"


async def test_the_clerk_takes_back_her_own_and_only_at_once(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session)
        await verdict(session, vault, coupon)
        other = Actor(kind="clerk", id="lan")
        for who, later in ((other, timedelta(0)), (MEI, timedelta(minutes=10))):
            with pytest.raises(Refusal, match="too_late"):
                await offers.void(
                    session, code=coupon.code, actor=who, reason="误扫", now=NOW + later
                )
        await offers.void(session, code=coupon.code, actor=MEI, reason="误扫", now=NOW)
        assert coupon.state == "held"
        with pytest.raises(Refusal, match="not_redeemed"):
            await offers.void(session, code=coupon.code, actor=MEI, reason="误扫", now=NOW)


async def test_a_manager_takes_back_later_but_only_in_her_store(sessions, vault):
    later = NOW + timedelta(days=20)
    async with sessions.begin() as session:
        coupon, store = await give(session), await a_store(session)
        await verdict(session, vault, coupon, store=store.code)
        stranger = Actor(kind="manager", id="m", store="elsewhere")
        with pytest.raises(Refusal, match="wrong_store"):
            await offers.void(session, code=coupon.code, actor=stranger, reason="r", now=later)
        own = Actor(kind="manager", id="m", store=store.code)
        await offers.void(session, code=coupon.code, actor=own, reason="r", now=later)
        assert coupon.state == "expired"  # it ran out meanwhile


async def test_after_a_return_it_can_be_used_on_another_order(sessions, vault):
    async with sessions.begin() as session:
        coupon = await give(session)
        await verdict(session, vault, coupon, order_no="A1")
        assert await offers.return_for_order(session, "A1", NOW) == 1
        again = await verdict(session, vault, coupon, order_no="A2")
        orders = (await session.scalars(select(Redemption.order_no).order_by("id"))).all()
        counted = await offers.sums(session)
    assert again.state == "ok"
    assert orders == ["A1", "A2"]
    assert (counted.issued, counted.redeemed, counted.returned) == (1, 1, 1)


async def test_publishing_again_keeps_what_was_issued(sessions, vault):
    async with sessions.begin() as session:
        await offers.publish_offers(session, vault, [OfferSpec(**SPEC)])
        customer = await a_customer(session)
        coupon = await offers.issue(
            session, offer_key="hello", customer_id=customer.id, trigger="t", now=NOW
        )
        renamed = OfferSpec(**SPEC | {"name": "新朋友见面礼", "budget_pieces": 0})
        await offers.publish_offers(session, vault, [renamed])
        offer = (
            await session.scalars(select(Offer).execution_options(populate_existing=True))
        ).one()
        assert (offer.name, offer.issued, offer.budget_pieces) == ("新朋友见面礼", 1, 1)
        assert [c.code for c, _ in await offers.held(session, customer.id, NOW)] == [coupon.code]
