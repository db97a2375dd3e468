"""A clerk with a coupon of her own, or of her mother's who gave the same phone, is not the one who redeems it."""

from __future__ import annotations

from bot.domain.access import StaffUser
from bot.domain.offers import Till
from bot.events import Actor
from bot.store import customers, offers
from bot.store.own_account import is_hers
from tests.builders import an_offer

PHONE = "13800001111"


async def test_nobody_redeems_her_own_coupon_nor_that_of_her_household(bot):
    async with bot.session() as s:
        blind = bot.vault.blind(PHONE, about="phone")
        for name, phone, userid in (("xia", blind, "guide-xia"), ("mei", None, None)):
            s.add(
                StaffUser(name=name, role="clerk", phone=phone, userid=userid, created_at=bot.now)
            )
        people = [
            await customers.meet(
                s, bot.vault, kind="member_no", value=f"M{n}", phone=phone, at=bot.now
            )
            for n, phone in enumerate((PHONE, PHONE, "13900002222"))
        ]
        offer = await an_offer(s, threshold_fen=10000)
        codes = [
            (
                await offers.issue(
                    s, offer_key=offer.key, customer_id=one.id, trigger="t", now=bot.now
                )
            ).code
            for one in people
        ]

    async def at_till(who: str, code: str) -> str:
        till = Till(actor=Actor(kind="clerk", id=who), order_no=code, amount_fen=20000)
        async with bot.session() as s:
            seen = await offers.look_up(s, bot.vault, code, Till(actor=till.actor), now=bot.now)
            done = await offers.redeem(s, bot.vault, code, till, now=bot.now)
        assert done.discount_fen == (3000 if done.state == "ok" else 0)
        return f"{seen.state} {done.state}"

    assert [await at_till("xia", code) for code in codes] == [
        "own_coupon own_coupon",
        "own_coupon own_coupon",
        "amount_needed ok",
    ]
    assert await at_till("mei", codes[0]) == "amount_needed ok"
    async with bot.session() as s:
        as_guide = Actor(kind="guide", id="guide-xia")
        assert [await is_hers(s, as_guide, one.id) for one in people] == [True, True, False]
