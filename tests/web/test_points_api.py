"""A shop system takes points: never more than there are, and once however often it asks."""

from __future__ import annotations

from bot.store import points
from bot.store.customers import meet
from tests.web.faces import a_named_customer


async def a_member(bot, balance: int = 300) -> None:
    async with bot.session() as session:
        customer = await meet(
            session, bot.vault, kind="phone", value="13800006021", at=bot.now, evidence="t"
        )
        await points.earn(
            session, customer_id=customer.id, points=balance, effect="gift", at=bot.now
        )


async def test_points_are_spent_by_phone(bot, shop):
    await a_member(bot)
    till = await shop.till()
    hers = {"phone": "138 0000 6021"}
    status, told = await till.asks("points/spend", customer=hers, points=120, what="帆布袋")
    assert (status, told["balance"]) == (200, 180)


async def test_a_repeated_key_spends_once(bot, shop):
    await a_member(bot)
    till = await shop.till()
    for _ in range(2):
        _, told = await till.asks(
            "points/spend", key="k", customer={"phone": "13800006021"}, points=100, what="袋"
        )
    assert told["balance"] == 200


async def test_nobody_spends_more_than_she_has(bot, shop):
    await a_member(bot, 50)
    till = await shop.till()
    hers = {"phone": "13800006021"}
    status, told = await till.asks("points/spend", customer=hers, points=51, what="袋")
    assert (status, told["title"]) == (409, "not_enough_points")


async def test_an_unknown_customer_is_not_found(shop):
    till = await shop.till()
    status, _ = await till.asks("points/spend", customer={"openid": "o1"}, points=1, what="袋")
    assert status == 404


async def test_one_id_and_a_positive_number_are_asked_for(bot, shop):
    await a_named_customer(bot)
    till = await shop.till()
    both = {"openid": "o1", "member_no": "m1"}
    status, told = await till.asks("points/spend", customer=both, points=0, what="袋")
    assert status == 422
    assert {mistake["field"] for mistake in told["mistakes"]} == {"customer", "points"}


async def test_a_price_is_quoted_by_level_coupon_and_points_and_nothing_is_used(bot, shop):
    await a_member(bot, 300)
    till = await shop.till()
    hers = {"phone": "13800006021"}
    asked = {"customer": hers, "amount_fen": 20000, "with_points": True}
    status, told = await till.asks("prices", **asked)
    worth = bot.content.levels.fen_per_spent_point
    assert (status, told["points_off_fen"]) == (200, 300 * worth)
    assert told["payable_fen"] == 20000 - told["level_off_fen"] - told["points_off_fen"]
    status, told = await till.asks("prices", **asked, coupon_code="AAAAAAAAAA")
    assert (status, told["title"]) == (404, "unknown")
    async with bot.session() as session:
        customer = await meet(
            session, bot.vault, kind="phone", value="13800006021", at=bot.now, evidence="t"
        )
        assert await points.balance(session, customer.id) == 300
