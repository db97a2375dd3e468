"""Offers, points and levels as the tactics tell them, each by its number."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot.domain.campaigns import Touch
from bot.domain.offers import Offer
from bot.domain.refusals import Refusal
from bot.outbound.benefits import dissolve_teams, give_deferred
from bot.store import offers
from tests.stories.life import somebody, until, writes


async def test_tactic_012_the_last_piece_of_a_flash_sale_goes_to_whoever_came_first(town):
    crowd = [await somebody(town, name) for name in ("a", "b", "c")]
    assert [await one.grabs("flash") for one in crowd] == ["", "", "out_of_stock"]
    assert [len(await one.coupons("flash")) for one in crowd] == [1, 1, 0]


async def test_tactic_013_a_team_that_is_whole_has_its_price_and_nobody_comes_in_later(town):
    crowd = [await somebody(town, name) for name in ("a", "b", "c", "d")]
    number = (await crowd[0].teams("team"))["team"]
    (early,) = await crowd[0].coupons("team")
    assert await crowd[0].uses(early, order_no="A0", amount_fen=20000) == "withdrawn"
    assert [(await one.teams("team", number))["missing"] for one in crowd[1:3]] == [1, 0]
    (coupon,) = await crowd[0].coupons("team")
    assert await crowd[0].uses(coupon, order_no="A1", amount_fen=20000) == ""
    for one, why in ((crowd[3], "team_full"), (crowd[1], "team_full")):
        with pytest.raises(Refusal, match=why):
            await one.teams("team", number)


async def test_tactic_013_one_short_at_the_deadline_everything_goes_back_and_all_are_told(town):
    crowd = [await somebody(town, name) for name in ("a", "b", "c")]
    number = (await crowd[0].teams("team"))["team"]
    await crowd[1].teams("team", number)
    with pytest.raises(Refusal, match="in_team"):
        await crowd[0].teams("team", number)
    await town.waits(hours=24)
    with pytest.raises(Refusal, match="team_over"):
        await crowd[2].teams("team", number)
    await town.works(dissolve_teams, dissolve_teams)
    assert [[one.state for one in await her.coupons("team")] for her in crowd] == [
        ["withdrawn"],
        ["withdrawn"],
        [],
    ]
    async with town.session() as session:
        offer = (await session.scalars(select(Offer).where(Offer.key == "team"))).one()
        told = await session.scalars(select(Touch.customer_id).order_by(Touch.id))
        assert (offer.issued, told.all()) == (0, [her.customer.id for her in crowd[:2]])


async def test_tactic_013_in_chat_a_number_leads_into_the_team_and_only_the_third_order_begins_one(
    town,
):
    her, friend = await somebody(town), await somebody(town, "b")
    (shown,) = await writes(town, her, "拼团")
    tap = next(one for one in shown.menu if one.text == "开团：三人拼针织")
    assert "好友拼团资格" in (await writes(town, her, tap.text, tap.id))[0].text
    async with town.session() as session:
        await offers.issue(
            session,
            offer_key="friends-buy",
            customer_id=her.customer.id,
            trigger="t",
            now=town.now,
        )
    (begun,) = await writes(town, her, tap.text, tap.id)
    number = re.findall(r"\d+", begun.text)[0]
    assert "还差 1 人" in (await writes(town, friend, f"拼团 {number}"))[0].text
    assert "没有这个团" in (await writes(town, friend, "拼团 77777"))[0].text


async def test_tactic_032_a_coupon_for_one_store_works_there_alone(town):
    her = await somebody(town)
    async with town.session() as session:
        coupon = await offers.issue(
            session, offer_key="try-on", customer_id=her.customer.id, trigger="t", now=town.now
        )
    await her.buys("MALL-1", 500, coupon_codes=(coupon.code,))
    assert (await her.coupons("try-on"))[0].state == "held"
    assert await her.uses(coupon) == ""


async def test_tactic_050_the_last_day_of_a_birthday_month_counts_twice_and_back_twice(town):
    her = await somebody(town, birthday_month=3)
    await until(town, 2026, 3, 31, hour=23, minute=59)
    await her.buys("A1", 400)
    assert await her.balance() == 80
    await until(town, 2026, 4, 2)
    await her.returns("A1", 100)
    assert await her.balance() == 60


async def test_tactic_051_a_service_twice_a_year_is_refused_the_third_time(town):
    her = await somebody(town)
    assert [await her.claims("visit") for _ in range(3)] == ["", "", "used_up"]
    await until(town, 2027, 1, 1, hour=0)
    assert await her.claims("visit") == ""


async def test_tactic_052_who_comes_after_the_last_seat_gets_the_one_that_comes_free(town):
    crowd = [await somebody(town, name) for name in ("a", "b", "c")]
    for one in crowd:
        await one.grabs("seat")
    (last,) = await crowd[2].coupons("seat")
    assert last.state == "waiting"
    await crowd[0].gives_up((await crowd[0].coupons("seat"))[0])
    (last,) = await crowd[2].coupons("seat")
    assert last.state == "held"


async def test_tactic_054_a_months_spending_unlocks_and_a_return_locks_again(town):
    her = await somebody(town)
    await her.buys("A1", 199)
    assert await her.lacks("vip") == "本月满 300 元才有，还差 101 元"
    await her.buys("A2", 101)
    assert await her.claims("vip") == ""
    await her.returns("A2", 101)
    assert [coupon.state for coupon in await her.coupons("vip")] == ["withdrawn"]
    assert await her.claims("vip") == "locked_right"
    await her.buys("A3", 101)
    assert await her.claims("vip") == ""
    assert [coupon.state for coupon in await her.coupons("vip")] == ["withdrawn", "held"]


async def test_tactic_066_the_third_kept_order_unlocks_buying_together(town):
    her = await somebody(town)
    for no in ("A1", "A2", "A3"):
        assert await her.claims("together") == "locked_right"
        await her.buys(no, 100)
    await her.cancels("A3")
    assert await her.lacks("together") == "再下 1 单解锁"
    await her.buys("A4", 100)
    assert await her.claims("together") == ""


async def test_tactic_067_what_march_earned_is_given_on_the_first_of_april_and_lasts_till_may(
    town,
):
    her = await somebody(town)
    await her.buys("A1", 300)
    await town.works(give_deferred)
    assert await her.coupons("card") == []
    await until(town, 2026, 4, 1, hour=0, minute=20)
    await town.works(give_deferred, give_deferred)
    (card,) = await her.coupons("card")
    await until(town, 2026, 4, 30, hour=23)
    assert town.now < card.expires_at
    await her.returns("A1", 1)  # late, and the month is below its sum again
    await town.works(give_deferred)
    assert [card.state for card in await her.coupons("card")] == ["withdrawn"]


async def test_tactic_084_who_has_bought_under_another_account_is_no_new_customer(town):
    her = await somebody(town)
    assert await her.grabs("first") == ""
    (coupon,) = await her.coupons("first")
    await her.buys("A1", 200)
    assert await her.uses(coupon, order_no="A2", amount_fen=20000) == "not_first_order"
    other = await somebody(town, "chen")
    await other.buys("B1", 200)
    assert await other.grabs("first") == "not_first_order"


async def test_tactic_109_a_paid_plan_gives_one_a_month_to_whoever_comes_for_it(town):
    her = await somebody(town)
    assert await her.claims("plus") == "locked_right"
    await her.buys("P1", 8, sku="PLUS-8")
    assert [await her.claims("plus") for _ in range(2)] == ["", "used_up"]
    await until(town, 2026, 4, 11)
    await her.buys("P2", 8, sku="PLUS-8")
    await until(town, 2026, 5, 11)
    assert await her.claims("plus") == ""  # April was not claimed, and is lost
    assert len(await her.coupons("plus")) == 2
    await until(town, 2026, 5, 12, hour=11)
    await her.returns("P2", 8)
    assert await her.claims("plus") == "locked_right"
