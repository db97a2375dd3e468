"""A shop system redeems at its tills: once and only once, and refusals say what to do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.audit import AuditRow
from bot.domain.offers import Redemption
from bot.store.offers import qr_token
from tests.web.faces import a_coupon, a_shop_floor


@pytest.fixture(autouse=True)
async def floor(bot):
    await a_shop_floor(bot)


async def redemptions(bot) -> int:
    async with bot.session() as session:
        return await session.scalar(select(func.count(Redemption.id)))


async def test_a_redeemed_coupon_says_what_to_take_off_and_whose_it_is(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    status, told = await till.asks(
        f"coupons/{coupon.code}/redeem", order_no="HB-1", amount_fen=19900
    )
    assert status == 200
    assert (told["discount_fen"], told["payable_fen"]) == (3000, 16900)
    assert told["customer"] == {"name": "林**", "level": "青铜"}


async def test_the_same_key_redeems_once_and_is_told_the_same(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    first = await till.asks(f"coupons/{coupon.code}/redeem", key="k")
    assert await till.asks(f"coupons/{coupon.code}/redeem", key="k") == first
    assert await redemptions(bot) == 1


async def test_the_same_key_for_something_else_is_refused(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    await till.asks(f"coupons/{coupon.code}/redeem", key="k", amount_fen=100_00)
    status, told = await till.asks(f"coupons/{coupon.code}/redeem", key="k", amount_fen=200_00)
    assert (status, told["title"]) == (422, "key_reused")


async def test_twenty_tills_redeem_one_coupon_once(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    asked = [till.asks(f"coupons/{coupon.code}/redeem") for _ in range(20)]
    statuses = [status for status, _ in await asyncio.gather(*asked)]
    assert sorted(statuses) == [200] + [409] * 19
    assert await redemptions(bot) == 1


async def test_a_used_coupon_is_a_conflict_that_says_when_and_where(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    await till.asks(f"coupons/{coupon.code}/redeem")
    status, told = await till.asks(f"coupons/{coupon.code}/redeem")
    assert (status, told["title"]) == (409, "used")
    assert "3 月 12 日 10:24 已经在本店用掉了" in told["detail"]
    assert told["used_store"] == "湖滨店"


async def test_a_code_may_have_spaces_and_small_letters(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    typed = f"{coupon.code[:4]}%20{coupon.code[4:]}".lower().replace("%20", " ")
    status, _ = await till.asks(f"coupons/{typed}/redeem")
    assert status == 200


async def test_a_scanned_code_is_good_for_two_minutes(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    token = qr_token(bot.vault, coupon.code, bot.now)
    bot.clock.advance(minutes=2)
    assert (await till.asks(f"coupons/{token}/redeem"))[1]["title"] == "stale_qr"
    fresh = qr_token(bot.vault, coupon.code, bot.now)
    assert (await till.asks(f"coupons/{fresh}/redeem"))[0] == 200


@pytest.mark.parametrize(
    ("offer", "after", "expected"),
    [
        ({"stores": ["S02"]}, timedelta(), (403, "wrong_store")),
        ({"valid_days": 1}, timedelta(days=3), (409, "expired")),
        ({"threshold_fen": 20000}, timedelta(), (422, "amount_needed")),
    ],
)
async def test_a_coupon_that_cannot_be_used_says_why(bot, shop, offer, after, expected):
    coupon, till = await a_coupon(bot, **offer), await shop.till(store="S01")
    bot.clock.advance(seconds=after.total_seconds())
    status, told = await till.asks(f"coupons/{coupon.code}/redeem")
    assert (status, told["title"]) == expected


async def test_the_store_of_the_key_counts_and_not_that_of_the_body(bot, shop):
    coupon, till = await a_coupon(bot, stores=["S02"]), await shop.till(store="S01")
    status, _ = await till.asks(f"coupons/{coupon.code}/redeem", store="S02")
    assert status == 403


async def test_who_guesses_codes_is_locked_out(bot, shop):
    till = await shop.till(store="S01")
    told = [await till.asks(f"coupons/AAAA{n}/redeem") for n in range(12)]
    assert [status for status, _ in told] == [404] * 10 + [429] * 2


async def test_without_a_key_nothing_happens(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    status, told = await till.asks(f"coupons/{coupon.code}/redeem", key="")
    assert (status, told["title"]) == (400, "no_idempotency_key")
    assert await redemptions(bot) == 0


async def test_an_unknown_field_is_named(bot, shop):
    status, told = await (await shop.till()).asks("coupons/X/redeem", amount=5)
    assert status == 422
    assert told["mistakes"][0]["field"] == "amount"


async def test_strangers_are_asked_for_a_key(shop):
    answer = await shop.passer_by().client.post("/api/v1/coupons/X/redeem", json={})
    assert answer.status == 401
    assert answer.content_type == "application/problem+json"


async def test_a_void_gives_the_coupon_back_once(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    await till.asks(f"coupons/{coupon.code}/redeem")
    status, told = await till.asks(f"coupons/{coupon.code}/void", reason="扫错了")
    assert (status, told["state"]) == (200, "held")
    assert (await till.asks(f"coupons/{coupon.code}/void", reason="再来"))[0] == 409
    assert (await till.asks(f"coupons/{coupon.code}/redeem"))[0] == 200


async def test_every_redemption_leaves_an_audit_row(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till("pos-1", store="S01")
    await till.asks(f"coupons/{coupon.code}/redeem")
    async with bot.session() as session:
        row = (await session.scalars(select(AuditRow))).one()
    assert (row.actor, row.action) == ("integration:key:pos-1", "redeem_coupon")


async def test_a_coupon_is_kept_for_an_order_then_confirmed_or_let_go(bot, shop):
    coupon, till = await a_coupon(bot), await shop.till(store="S01")
    at = f"coupons/{coupon.code}"
    status, kept = await till.asks(f"{at}/reserve", order_no="A1", amount_fen=10_000)
    assert (status, kept["payable_fen"], bool(kept["reserved_until"])) == (200, 7000, True)
    status, told = await till.asks(f"{at}/redeem", order_no="A2", amount_fen=10_000)
    assert (status, told["title"]) == (409, "reserved")
    assert (await till.asks(f"{at}/release", order_no="A1"))[0] == 200
    await till.asks(f"{at}/reserve", order_no="A2", amount_fen=10_000)
    assert (await till.asks(f"{at}/redeem", order_no="A2", amount_fen=10_000))[0] == 200
    assert (await till.asks(f"{at}/release", order_no="A2"))[1]["title"] == "not_reserved"
