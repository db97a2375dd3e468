"""What comes again by itself: a month's hero, a thing one needs every month, a pet's birthday."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from bot.calls import SendKf
from bot.domain.browsing import Glance
from bot.domain.imports import ProductRow
from bot.domain.offers import SHOP_ZONE
from bot.domain.pets import kept_on, read_day
from bot.events import Actor, NoteView
from bot.outbound.benefits import cycle_due
from bot.outbound.deliver import deliver_due
from bot.outbound.journeys import (
    advance_due,
    pairing_entries,
    pet_entries,
    series_entries,
)
from bot.outbound.tag_mirror import retag_everybody
from bot.store import imports, tags
from tests.outbound.conftest import a_campaign, agrees, runs
from tests.outbound.test_journeys import a_tier
from tests.stories.life import Her, somebody, until, writes

ONE_DATABASE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def may_hear(bot, her: Her, tier: str = "普通") -> None:
    """She writes, and has agreed to hear of offers."""
    await writes(bot, her, "你好")
    async with bot.session() as session:
        await session.merge(a_tier(her.customer.id, tier, bot.now))
        await agrees(session, her.customer, bot.now)


async def reads_of_the_week(bot) -> dict[str, str]:
    everybody = {"template": "weekly/benefit", "words": None, "rule": {"all": []}}
    await a_campaign(bot, offer_key="weekly", **everybody)
    before = len(bot.platform.sent(SendKf))
    await runs(bot)
    return {call.external_userid: call.text for call in bot.platform.sent(SendKf)[before:]}


def with_hero(bot, hero) -> None:
    """The file, or the page of settings, says so from now on."""
    brand = bot.content.brand
    bot.content.become(
        replace(bot.content, brand=brand.model_copy(update={"hero": brand.hero | hero}))
    )


@ONE_DATABASE
async def test_tactic_010_a_changed_hero_is_told_from_the_next_message_on_and_by_tier(town):
    plain, other = await somebody(town), await somebody(town, "chen")
    for one in (plain, other):
        await may_hear(town, one)
    with_hero(town, {3: "风衣"})
    first = await reads_of_the_week(town)
    with_hero(town, {3: {"潜力": "羊绒开衫", "其他": "真丝衬衫"}})
    await until(town, 2026, 3, 20)
    for one in (plain, other):
        await may_hear(town, one)
    second = await reads_of_the_week(town)
    assert all("风衣" in text for text in first.values())
    assert all("真丝衬衫" in text and "风衣" not in text for text in second.values())
    assert [len(first), len(second)] == [2, 2]


def test_tactic_010_each_tier_may_have_a_hero_of_its_own(content):
    brand = content.brand.model_copy(update={"hero": {7: {"核心": "真丝衬衫", "其他": "亚麻裙"}}})
    assert [brand.hero_of(7, tier) for tier in ("核心", "普通", None)] == [
        "真丝衬衫",
        "亚麻裙",
        "亚麻裙",
    ]
    assert brand.hero_of(8, "核心") is None


@ONE_DATABASE
async def test_tactic_015_three_cycles_one_of_them_skipped_and_then_no_more(town):
    her = await somebody(town)
    (shown,) = await writes(town, her, "定期购")
    (begun,) = await writes(town, her, shown.menu[0].text, shown.menu[0].id)
    assert "4 月 11 日" in begun.text
    counts = []
    for month, day in ((4, 11), (5, 11), (6, 10)):
        await until(town, 2026, month, day, hour=11)
        if month == 5:  # the second one came; this third one she does not want
            await writes(town, her, "跳过这一期")
        await town.works(cycle_due, cycle_due)
        counts.append(len(await her.coupons("cycle-socks")))
    assert counts == [2, 2, 3]
    assert "停了" in (await writes(town, her, "停掉定期购"))[0].text
    await until(town, 2026, 8, 10)
    await town.works(cycle_due)
    assert len(await her.coupons("cycle-socks")) == 3
    assert "没有这项" in (await writes(town, her, "跳过这一期"))[0].text


@ONE_DATABASE
async def test_tactic_063_a_pet_is_wished_well_three_days_ahead_with_a_cake_for_a_week(town):
    her = await somebody(town)
    assert "开启个性化" in (await writes(town, her, "宠物生日 猫 2月29日"))[0].text
    await writes(town, her, "开启个性化")
    assert "2 月 29 日" in (await writes(town, her, "宠物生日 猫 2月29日"))[0].text
    await until(town, 2027, 2, 25, hour=8)  # no leap year: it is kept on the 28th
    await may_hear(town, her)
    await town.works(pet_entries, pet_entries, advance_due)
    await until(town, 2027, 2, 25, hour=10, minute=10)
    await town.works(advance_due, deliver_due)
    (said,) = [call.text for call in await town.sends() if isinstance(call, SendKf)]
    assert "生日快乐" in said
    (cake,) = await her.coupons("pet-cake")
    assert (cake.expires_at - town.now).days == 7
    await writes(town, her, "关闭个性化")
    await until(town, 2028, 2, 26)
    await town.works(pet_entries, advance_due)
    assert len(await her.coupons("pet-cake")) == 1


@pytest.mark.parametrize(
    ("said", "day"), [("3月5日", "03-05"), ("02/29", "02-29"), ("2月30日", None), ("明天", None)]
)
def test_days_as_people_write_them(said, day):
    assert read_day(said) == day


def test_who_was_born_on_29_february_is_kept_on_the_28th_of_a_common_year():
    assert kept_on(date(2027, 2, 28)) == ["02-28", "02-29"]
    assert kept_on(date(2028, 2, 28)) == ["02-28"]
    assert kept_on(date(2028, 2, 29)) == ["02-29"]


def file_of(rows: list[tuple[object, ...]]) -> list[ProductRow]:
    """A shop's file of goods: sku, name, category, style, series, stock."""
    return [
        ProductRow(
            number=number,
            sku=str(sku),
            name=str(name),
            category=str(category),
            price=39900,
            listed_at=None,
            same_as="",
            style=str(style),
            series=str(series),
            stock=int(str(stock)),
            cells=(),
        )
        for number, (sku, name, category, style, series, stock) in enumerate(rows, 2)
    ]


async def told_of_goods(bot, *rows: tuple[object, ...]) -> None:
    async with bot.session() as session:
        await imports.write_products(session, file_of(list(rows)), bot.now)


async def at_half_past_seven(bot) -> list[SendKf]:
    """What is said in the evening of whatever began today."""
    local = bot.now.astimezone(SHOP_ZONE)
    await bot.works(advance_due)
    await until(bot, local.year, local.month, local.day, hour=19, minute=40)
    await bot.works(advance_due, deliver_due, deliver_due)  # one message per person and pass
    return [call for call in await bot.sends() if isinstance(call, SendKf)]


CLOUD = ("K1", "云朵开衫", "羊毛针织", "休闲", "云朵系列")


async def test_tactic_056_whoever_looked_at_a_series_hears_once_that_it_is_back(town):
    remembered, changed_mind, unknown = [await somebody(town, name) for name in ("a", "b", "c")]
    await told_of_goods(town, (*CLOUD, 0))
    kept = []
    for one in (remembered, changed_mind, unknown):
        await may_hear(town, one, "沉睡")
        if one is not unknown:
            await writes(town, one, "开启个性化")
        mall = Actor(kind="integration", id="mall")
        view = {"at": town.now, "actor": mall, "key": town.key(), "sku": "K1"}
        kept.append((await town.does(NoteView(customer_id=one.customer.id, **view)))["kept"])
    assert kept == [True, True, False]  # who has not agreed is not remembered at all
    await town.waits(days=1)
    for one in (remembered, changed_mind, unknown):
        await may_hear(town, one, "沉睡")
    await told_of_goods(town, (*CLOUD, 12))
    await town.works(series_entries, series_entries)
    await writes(town, changed_mind, "关闭个性化")
    said = {call.external_userid: call.text for call in await at_half_past_seven(town)}
    assert "你看过的云朵系列又到货了" in said[remembered.external_userid]
    assert "云朵" not in said[changed_mind.external_userid]
    assert "新货" in said[changed_mind.external_userid]
    assert unknown.external_userid not in said
    await town.waits(days=1)
    await town.works(series_entries)
    assert await at_half_past_seven(town) == []


async def test_tactic_055_tops_alone_are_matched_with_trousers_of_their_style_that_are_there(town):
    tops, both, sold_out = [await somebody(town, name) for name in ("a", "b", "c")]
    shirts = [
        ("T1", "通勤衬衫", "衬衫", "通勤", "", 9),
        ("T2", "休闲针织", "针织", "休闲", "", 9),
        ("P1", "阔腿西裤", "裤装", "通勤", "", 3),
        ("P2", "束脚裤", "裤装", "休闲", "", 1),
    ]
    await told_of_goods(town, *shirts)
    for one, skus in ((tops, ("T1", "T1", "T2")), (both, ("T1", "P1")), (sold_out, ("T2",))):
        for sku in skus:
            await one.buys(town.key(), 399, sku=sku)
        await may_hear(town, one, "潜力")
    await town.works(pairing_entries, pairing_entries)
    await told_of_goods(town, (*shirts[3][:5], 0))  # the last ones go before it is evening
    heard = await at_half_past_seven(town)
    said = {call.external_userid: call.text for call in heard if "一个风格" in call.text}
    assert set(said) == {tops.external_userid}
    assert "阔腿西裤" in said[tops.external_userid]


@ONE_DATABASE
async def test_tactic_087_three_long_looks_raise_an_interest_and_thirty_quiet_days_lower_it(town):
    her, unknown = await somebody(town, "a"), await somebody(town, "b")
    await told_of_goods(town, ("K1", "云朵开衫", "羊毛针织", "通勤", "云朵", 9))
    await writes(town, her, "开启个性化")
    for seconds in (40, 5, 30, 95):  # the second one only passed by
        await looks_at(town, her, "K1", seconds)
        assert await interests(town, her) == {}  # not with the event, and not before it is enough
        await looks_at(town, unknown, "K1", seconds)
        await town.waits(days=1)
    await town.works(retag_everybody)
    why = (await interests(town, her))["兴趣/羊毛针织"]
    assert (why["times"], why["seconds"], why["last"]) == (3, 165, "2026-03-15")
    await town.waits(days=10)
    await town.works(retag_everybody)
    assert await interests(town, her)  # weaker, but not yet weak
    await town.waits(days=20)
    await town.works(retag_everybody)
    assert [await interests(town, one) for one in (her, unknown)] == [{}, {}]


@ONE_DATABASE
async def test_tactic_087_what_she_looked_at_goes_with_her_consent(town):
    her = await somebody(town)
    await told_of_goods(town, ("K1", "云朵开衫", "羊毛针织", "通勤", "云朵", 9))
    await writes(town, her, "开启个性化")
    for _ in range(3):
        await looks_at(town, her, "K1", 60)
    await town.works(retag_everybody)
    assert await interests(town, her)
    await writes(town, her, "关闭个性化")
    assert await interests(town, her) == {}
    async with town.session() as session:
        assert (await session.scalars(select(Glance))).all() == []


async def looks_at(bot, her: Her, sku: str, seconds: int) -> None:
    mall = Actor(kind="integration", id="mall")
    facts = {"at": bot.now, "actor": mall, "key": bot.key(), "sku": sku, "seconds": seconds}
    await bot.does(NoteView(customer_id=her.customer.id, **facts))


async def interests(bot, her: Her) -> dict[str, dict]:
    """What she wears for what she looked at, and what shows it."""
    async with bot.session() as session:
        worn = await tags.worn(session, her.customer.id, bot.now)
    return {one.tag: one.row.evidence for one in worn if one.row.source == "counter"}
