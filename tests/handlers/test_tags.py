from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.customers import Customer
from bot.domain.delivery import ShortLink
from bot.domain.refusals import Refusal
from bot.events import (
    Buyer,
    CorpTagChanged,
    CustomerAdded,
    FormAnswered,
    KfMessageReceived,
    LinkOpened,
    MenuClicked,
    OrderKind,
    OrderReported,
    TagCustomer,
)
from bot.events.commands import Actor
from bot.store import contact_ways, tags
from tests.builders import a_link

GUIDE = Actor(kind="guide", id="WangFang")


async def worn(bot):
    """Her tags with their sources; there is but one customer."""
    async with bot.session() as s:
        who = await s.scalar(select(Customer))
        return {(each.tag, each.row.source) for each in await tags.worn(s, who.id, bot.now)}


async def arrives(bot, state):
    await bot.receives(
        CustomerAdded(at=bot.now, userid="WangFang", external_userid="wm1", state=state)
    )


async def her(bot):
    async with bot.session() as s:
        return (await s.scalar(select(Customer))).id


async def test_the_contact_way_is_where_she_came_from(bot):
    await arrives(bot, "store-s01")
    assert await worn(bot) == {("来源/门店扫码", "contact_way")}


async def test_a_contact_way_with_a_name_is_its_own_source(bot):
    async with bot.session() as s:
        await contact_ways.configure(s, state="x7", label="徐汇店橱窗")
    await arrives(bot, "x7")
    assert await worn(bot) == {("来源/徐汇店橱窗", "contact_way")}


async def test_an_unknown_code_is_still_a_source(bot):
    await arrives(bot, "zzz")
    assert await worn(bot) == {("来源/其他", "contact_way")}


async def test_words_menus_and_forms_give_their_tags_once(bot):
    for n in range(2):
        await bot.receives(
            KfMessageReceived(
                at=bot.now,
                open_kfid="wk1",
                external_userid="wm1",
                msgid=f"m{n}",
                msgtype="text",
                text="那件羊绒衫我穿多大码",
            )
        )
    assert await worn(bot) == {("兴趣/羊毛针织", "keyword"), ("互动/问过尺码", "keyword")}


async def test_what_she_says_of_herself_is_kept_while_she_agrees(bot):
    await bot.receives(MenuClicked(at=bot.now, openid="oA", account="gh_1", key="none"))
    who = await her(bot)

    async def says(form, **answers):
        bot.clock.advance(minutes=1)
        said = FormAnswered(at=bot.now, customer_id=who, form=form, answers=answers)
        await bot.receives(said)
        return await worn(bot)

    assert await says("style", style="通勤") == set()
    await says("consent", profiling="yes")
    assert await says("style", style="通勤") == {("风格/通勤", "answer")}
    assert await says("consent", profiling="no") == set()


async def test_a_menu_tap_gives_its_tag_for_a_while(bot):
    await bot.receives(MenuClicked(at=bot.now, openid="oA", account="gh_1", key="new_arrivals"))
    assert await worn(bot) == {("兴趣/上新", "menu")}
    bot.clock.advance(days=91)
    assert await worn(bot) == set()


async def test_an_opened_link_is_counted_and_tags(bot):
    await arrives(bot, "store-s01")
    async with bot.session() as s:
        token = await a_link(s, bot, customer_id=await s.scalar(select(Customer.id)))
    await bot.receives(LinkOpened(at=bot.now, token=token))
    await bot.receives(LinkOpened(at=bot.now + timedelta(minutes=1), token=token))
    assert ("互动/点过链接", "link") in await worn(bot)
    async with bot.session() as s:
        link = await s.get(ShortLink, token)
        assert (link.opens, link.opened_at) == (2, bot.now)


async def test_a_link_that_nobody_made_does_nothing(bot):
    await bot.receives(LinkOpened(at=bot.now, token="f" * 24))


async def test_an_order_tags_its_buyer(bot):
    event = OrderReported(
        at=bot.now,
        source="mall",
        event_id="e1",
        kind=OrderKind.PAID,
        order_no="1",
        amount_fen=20000,
        buyer=Buyer(phone="13800000001"),
    )
    await bot.receives(event)
    assert await worn(bot) >= {("购买阶段/新客", "purchase")}


def by_hand(bot, who, **what):
    return TagCustomer(at=bot.now, actor=GUIDE, key=bot.key(), customer_id=who, **what)


async def test_a_guide_puts_a_tag_on_and_takes_another_off(bot):
    await arrives(bot, "store-s01")
    answer = await bot.does(
        by_hand(bot, await her(bot), add=("导购/喜欢试穿",), remove=("来源/门店扫码",))
    )
    assert answer["added"] == ["导购/喜欢试穿"]
    assert await worn(bot) == {("导购/喜欢试穿", "guide")}


@pytest.mark.parametrize(
    ("tag", "reason"),
    [("导购/宝宝3个月", "too_precise"), ("乱写/一个", "unknown_tag"), ("没有组", "bad_tag")],
)
async def test_a_tag_that_may_not_be_is_refused_with_its_reason(bot, tag, reason):
    await arrives(bot, "store-s01")
    with pytest.raises(Refusal, match=reason):
        await bot.does(by_hand(bot, await her(bot), add=(tag,)))


async def test_a_corp_tag_deleted_in_the_console_is_not_made_again(bot):
    await arrives(bot, "store-s01")
    async with bot.session() as s:
        await tags.learn(
            s,
            {
                "group_id": "etg1",
                "group_name": "来源",
                "tag": [{"id": "et1", "name": "门店扫码"}],
            },
        )
    await bot.receives(CorpTagChanged(at=bot.now, change="delete", id="et1", tag_type="tag"))
    async with bot.session() as s:
        follow_ids = await tags.to_look_at(s, bot.now)
        assert await tags.without_corp_tag(s, follow_ids, bot.now) == []
