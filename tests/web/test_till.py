"""The till: scan, check, confirm, done; every refusal says what to do, and a slip can be taken back."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.offers import Redemption
from bot.store.offers import qr_token
from tests.web.faces import a_coupon, a_shop_floor

CHECK, CONFIRM = "/store/redeem/check", "/store/redeem/confirm"


@pytest.fixture(autouse=True)
async def floor(bot):
    await a_shop_floor(bot)


async def at_the_till(shop, name="mei", kind="clerk", store="S01"):
    return await (await shop.signs_in(kind, name, store)).opens("/store/redeem")


async def redeemed(bot, shop, **offer):
    """A clerk who has just redeemed a coupon, and the coupon."""
    coupon, face = await a_coupon(bot, **offer), await at_the_till(shop)
    await face.sends(CHECK, code=coupon.code)
    return coupon, await face.sends(CONFIRM)


async def standing(bot) -> int:
    async with bot.session() as session:
        return await session.scalar(select(func.count(Redemption.live)))


async def test_a_coupon_is_checked_then_used(bot, shop):
    coupon, face = await a_coupon(bot), await at_the_till(shop)
    await face.sends(CHECK, code=coupon.code)
    assert "这张券可以用" in face.text
    assert "林**（青铜）" in face.text
    assert await standing(bot) == 0
    await face.sends(CONFIRM, amount="199.50")
    assert "核销好了 这一单减 ¥30" in face.text
    assert await standing(bot) == 1


async def test_nobody_reads_her_whole_name(bot, shop):
    coupon, face = await a_coupon(bot), await at_the_till(shop)
    await face.sends(CHECK, code=coupon.code)
    assert "林小满" not in face.html


async def test_two_taps_redeem_once(bot, shop):
    coupon, face = await a_coupon(bot), await at_the_till(shop)
    form = (await face.sends(CHECK, code=coupon.code)).form(CONFIRM)
    answers = await asyncio.gather(*[face.client.post(CONFIRM, data=form) for _ in range(2)])
    assert [answer.url.path for answer in answers] == [answers[0].url.path] * 2
    assert await standing(bot) == 1


async def test_spaces_small_and_full_width_letters_are_read(bot, shop):
    coupon, face = await a_coupon(bot), await at_the_till(shop)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in coupon.code[4:])
    await face.sends(CHECK, code=f" {coupon.code[:4].lower()} {wide} ")
    assert "这张券可以用" in face.text


async def test_a_used_coupon_says_when_where_and_what_to_say(bot, shop):
    coupon, face = await redeemed(bot, shop)
    await (await face.opens("/store/redeem")).sends(CHECK, code=coupon.code)
    assert "这张券已经用过了" in face.text
    assert "3 月 12 日 10:24 已经在本店用掉了" in face.text
    assert "可以怎么跟顾客说" in face.text


async def test_a_coupon_with_a_threshold_asks_for_the_amount(bot, shop):
    coupon, face = await a_coupon(bot, threshold_fen=19900), await at_the_till(shop)
    await face.sends(CHECK, code=coupon.code)
    assert "填了金额就可以用" in face.text
    await face.sends(CONFIRM, amount="150")
    assert "还差 49 元" in face.text
    await face.sends(CONFIRM, amount="１９９")
    assert "核销好了" in face.text


@pytest.mark.parametrize("amount", ["一百", "-5", "1e3", "1.999", "0", "NaN", "inf"])
async def test_an_amount_that_is_none_is_asked_for_again(bot, shop, amount):
    coupon, face = await a_coupon(bot), await at_the_till(shop)
    await (await face.sends(CHECK, code=coupon.code)).sends(CONFIRM, amount=amount)
    assert "金额像 199 或 199.50 这样写" in face.text
    assert await standing(bot) == 0


@pytest.mark.parametrize(
    ("offer", "after", "said"),
    [
        ({"stores": ["S02"]}, timedelta(), "这张券不是本店的"),
        ({"valid_days": 1}, timedelta(days=3), "这张券已经过期"),
    ],
)
async def test_a_coupon_that_cannot_be_used_offers_no_button(bot, shop, offer, after, said):
    coupon = await a_coupon(bot, **offer)
    bot.clock.advance(seconds=after.total_seconds())
    face = await at_the_till(shop)
    await face.sends(CHECK, code=coupon.code)
    assert said in face.text
    assert "确认核销" not in face.text


async def test_a_coupon_from_tomorrow_has_to_wait(bot, shop):
    coupon = await a_coupon(bot)
    bot.clock.advance(days=-1)
    face = await at_the_till(shop)
    await face.sends(CHECK, code=coupon.code)
    assert "还没到可以用的时间" in face.text


async def test_an_old_picture_of_the_code_is_told_from_the_living_one(bot, shop):
    coupon, face = await a_coupon(bot), await at_the_till(shop)
    old = qr_token(bot.vault, coupon.code, bot.now)
    bot.clock.advance(minutes=3)
    await face.sends(CHECK, code=old)
    assert "顾客换了新码" in face.text
    await (await face.opens("/store/redeem")).sends(
        CHECK, code=qr_token(bot.vault, coupon.code, bot.now)
    )
    assert "这张券可以用" in face.text


async def test_a_till_that_guesses_is_locked(shop):
    face = await at_the_till(shop)
    for n in range(12):
        await (await face.opens("/store/redeem")).sends(CHECK, code=f"AAAA{n}")
    assert face.status == 429
    assert "10 分钟后" in face.text


async def test_another_till_was_faster(bot, shop):
    coupon, slow = await a_coupon(bot), await at_the_till(shop)
    await slow.sends(CHECK, code=coupon.code)
    fast = await at_the_till(shop, "lan")
    await (await fast.sends(CHECK, code=coupon.code)).sends(CONFIRM)
    await slow.sends(CONFIRM)
    assert "这张券已经用过了" in slow.text
    assert await standing(bot) == 1


async def test_a_slip_is_undone_within_ten_minutes(bot, shop):
    _, face = await redeemed(bot, shop)
    bot.clock.advance(minutes=9)
    link = face.url.replace("done", "undo")
    await (await face.opens(link)).sends(link, reason="金额填错了")
    assert "撤销好了" in face.text
    assert "已撤销" in face.text
    assert await standing(bot) == 0


async def test_later_only_the_manager_undoes(bot, shop):
    _, face = await redeemed(bot, shop)
    bot.clock.advance(minutes=10)
    assert "撤销" not in (await face.opens("/store/redeem")).text
    link = face.url + "/undo/1"
    await (await face.opens(link)).sends(link)
    assert (face.status, await standing(bot)) == (403, 1)
    boss = await at_the_till(shop, "lin", "manager")
    await (await boss.opens(link)).sends(link)
    assert await standing(bot) == 0


async def test_another_store_sees_nothing_of_it(bot, shop):
    _, face = await redeemed(bot, shop)
    other = await at_the_till(shop, "yan", "manager", "S02")
    assert "今天已核销 0 张" in other.text
    assert (await other.opens(face.url)).status == 404


async def test_todays_redemptions_are_listed(bot, shop):
    coupon, face = await redeemed(bot, shop)
    await face.opens("/store/redeem")
    assert "今天已核销 1 张" in face.text
    assert f"券码尾号 {coupon.code[-4:]}" in face.text


async def test_a_form_from_elsewhere_redeems_nothing(bot, shop):
    coupon, face = await a_coupon(bot), await at_the_till(shop)
    form = (await face.sends(CHECK, code=coupon.code)).form(CONFIRM) | {"csrf": "guess"}
    assert (await face.posts(CONFIRM, **form)).status == 403
    assert await standing(bot) == 0


@pytest.mark.parametrize("kind", ["guide", "operator", "auditor"])
async def test_who_is_not_at_a_till_may_not_redeem(shop, kind):
    assert (await (await shop.signs_in(kind, "x")).opens("/store/redeem")).status == 403


async def test_a_clerk_without_a_store_is_told_whom_to_ask(shop):
    face = await at_the_till(shop, store=None)
    assert (face.status, "请店主给你设一家" in face.text) == (403, True)


async def test_strangers_sign_in_first(shop):
    face = await shop.passer_by().opens("/store/redeem")
    assert face.url == "/login?next=/store/redeem"


async def test_a_month_is_settled_with_stores_line_by_line(bot, shop):
    coupon, _face = await redeemed(bot, shop)
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/coupons")
    link = re.search(r'href="([^"]*list=settlement[^"]*format=json)"', page.html)[1]
    (line,) = json.loads((await boss.opens(link.replace("&amp;", "&"))).html)
    assert (line["ends"], line["voided_at"]) == (coupon.code[-4:], None)
    assert line["discount_fen"] > 0
    _, told = await (await shop.program("owner", "coupon:read")).reads("redemptions")
    assert [(one["id"], one["discount_fen"]) for one in told["items"]] == [
        (line["id"], line["discount_fen"])
    ]
    _, none = await (await shop.program("manager", "coupon:read", "S99")).reads("redemptions")
    assert none["items"] == []
