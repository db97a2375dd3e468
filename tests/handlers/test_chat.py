"""Transcripts: what customers write to 微信客服 and the Official Account, and what they read back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import ChangeKfState, Refused, SendKf, SendOfficial, Sent
from bot.domain.delivery import GuideTask, Message
from bot.domain.offers import Coupon
from bot.events import (
    Buyer,
    FanMessaged,
    KfMessageReceived,
    KfSendFailed,
    KfServicerReplied,
    KfSessionChanged,
    Line,
    MenuClicked,
    OrderKind,
    OrderReported,
)
from bot.store import conversations, customers, links, offers
from tests.builders import a_customer, a_follow, a_guide

HER = "wm-her"
KF = "wk-shop"


def writes(bot, text: str, **changes) -> KfMessageReceived:
    facts = {"at": bot.now, "open_kfid": KF, "external_userid": HER, "msgid": bot.key()}
    return KfMessageReceived(**(facts | {"msgtype": "text", "text": text} | changes))


async def hears(bot, text: str, **changes) -> str:
    """What she reads after writing this in 微信客服; empty for silence."""
    await bot.receives(writes(bot, text, **changes))
    calls = [call for call in await bot.sends() if isinstance(call, SendKf)]
    return "\n".join(call.text for call in calls)


async def reads(bot, text: str) -> str:
    """The same in the Official Account."""
    fan = FanMessaged(
        at=bot.now, openid="o-her", account="gh_x", msgid=bot.key(), msgtype="text", text=text
    )
    reply = await bot.receives(fan)
    return reply.text if reply else ""


@pytest.fixture
async def shop(bot):
    async with bot.session() as session:
        await offers.publish_offers(session, bot.vault, bot.content.offers.values())
    return bot


@pytest.fixture
async def her_guide(shop):
    async with shop.session() as session:
        customer = await a_customer(session, external_userid=HER)
        guide = await a_guide(session, userid="suqing", name="苏晴")
        await a_follow(session, customer, guide, external_userid=HER)
    return guide


async def test_who_asks_for_a_coupon_gets_the_newcomers_once(shop):
    first = await hears(shop, "有什么优惠？")
    again = await hears(shop, "我的券")
    async with shop.session() as session:
        codes = (await session.scalars(select(Coupon.code))).all()
    assert len(codes) == 1
    assert codes[0] in first
    assert codes[0] in again


async def test_points_say_how_far_the_next_level_is(shop):
    said = await hears(shop, "我有多少积分")
    assert "0 积分" in said
    assert "再攒 100 分就到白银" in said


async def test_the_brands_own_answer_names_its_page(shop):
    said = await hears(shop, "退货运费谁出")
    assert "质量问题我们出" in said
    assert "《退换货说明》" in said


async def test_a_tap_on_the_menu_needs_no_guessing(shop):
    await hears(shop, "你好")
    greeting = shop.platform.sent(SendKf)[0]
    choice = next(item for item in greeting.menu if item.id == "points")
    assert "积分" in await hears(shop, choice.text, menu_id=choice.id)


async def test_nonsense_is_answered_honestly_and_a_guide_looks(shop, her_guide):
    said = await hears(shop, "哦那个蓝莓山药羹呢")
    async with shop.session() as session:
        task = (await session.scalars(select(GuideTask))).one()
    assert "没把握" in said
    assert (task.guide_id, task.kind) == (her_guide.id, "chat")


async def test_without_a_guide_nobody_is_promised_and_the_pool_takes_over(shop):
    first = await hears(shop, "蓝莓山药羹")
    assert "已经请" not in first
    await hears(shop, "就是蓝莓山药羹啊")
    shop.clock.advance(seconds=3)
    assert [call.state for call in await shop.sends()] == [2]


async def test_a_fan_without_a_guide_is_shown_where_people_are(shop):
    said = await reads(shop, "转人工")
    async with shop.session() as session:
        leads = await links.targets(session, re.findall(r"http\S+", said))
    assert list(leads.values()) == ["/h5/contact"]


async def test_a_second_miss_calls_a_person(shop, her_guide):
    await hears(shop, "蓝莓山药羹")
    await hears(shop, "就是蓝莓山药羹啊")
    shop.clock.advance(seconds=3)
    assert [type(call) for call in await shop.sends()] == [ChangeKfState]


async def test_asking_for_a_person_hands_over_to_her_guide_and_silences_us(shop, her_guide):
    said = await hears(shop, "转人工")
    shop.clock.advance(seconds=3)
    (call,) = await shop.sends()
    assert "苏晴" in said
    assert (call.state, call.userid) == (3, "suqing")
    assert await hears(shop, "我的券") == ""


async def test_a_guide_who_is_not_receiving_leaves_it_to_the_pool(shop, her_guide):
    shop.platform.answers(
        ChangeKfState, lambda call: Refused(95014, "no_servicer") if call.userid else Sent({})
    )
    await hears(shop, "转人工")
    shop.clock.advance(seconds=3)
    assert [call.state for call in await shop.sends()] == [3, 2]


async def test_when_the_person_ends_it_we_answer_again(shop, her_guide):
    about = {"open_kfid": KF, "external_userid": HER}
    reply = {"userid": "suqing", "msgtype": "text", "text": "我来看"}
    await shop.receives(KfServicerReplied(at=shop.now, msgid="s1", **about, **reply))
    assert await hears(shop, "积分") == ""
    await shop.receives(KfSessionChanged(at=shop.now, msgid="s2", change_type=3, **about))
    assert "积分" in await hears(shop, "积分")


async def test_a_complaint_is_not_chatted_with(shop, her_guide):
    await shop.receives(writes(shop, "质量太差了，我要投诉"))
    async with shop.session() as session:
        rows = (await session.scalars(select(Message.intent))).all()
    assert rows == [None]


async def test_an_opt_out_is_not_chatted_with(shop):
    assert "没把握" not in await hears(shop, "退订")


async def test_six_answers_need_a_second_word_of_hers(shop):
    await hears(shop, "你好")
    async with shop.session() as session:
        customer = await customers.find(session, shop.vault, "external_userid", HER)
        used = [
            await conversations.use_window(session, customer.id, "kf", shop.now) for _ in range(5)
        ]
    assert used == [True] * 4 + [False]
    assert await hears(shop, "谢谢") != ""


async def test_after_48_hours_the_window_is_shut(shop):
    await hears(shop, "你好")
    shop.clock.advance(hours=48)
    async with shop.session() as session:
        customer = await customers.find(session, shop.vault, "external_userid", HER)
        assert await conversations.window(session, customer.id, "kf", shop.now) is None


async def test_a_message_from_before_the_window_is_not_answered(shop):
    assert await hears(shop, "你好", at=shop.now - timedelta(hours=49)) == ""


async def test_an_undelivered_answer_shuts_the_window(shop):
    await hears(shop, "你好")
    failed = KfSendFailed(
        at=shop.now, open_kfid=KF, external_userid=HER, msgid="f", fail_msgid="x", fail_type=4
    )
    await shop.receives(failed)
    async with shop.session() as session:
        customer = await customers.find(session, shop.vault, "external_userid", HER)
        assert not await conversations.use_window(session, customer.id, "kf", shop.now)


async def test_fans_are_answered_in_the_reply_itself(shop):
    assert "见面礼" in await reads(shop, "有券吗")
    assert await shop.sends() == []


async def test_a_menu_tap_answers_and_does_not_shorten_the_window(shop):
    await reads(shop, "你好")
    click = MenuClicked(at=shop.now, openid="o-her", account="gh_x", key="points")
    reply = await shop.receives(click)
    shop.clock.advance(hours=47)
    async with shop.session() as session:
        customer = await customers.find(session, shop.vault, "openid", "o-her", "gh_x")
        assert await conversations.window(session, customer.id, "official", shop.now)
    assert "积分" in reply.text


async def test_what_was_said_lies_sealed(shop):
    await hears(shop, "我的券")
    async with shop.session() as session:
        rows = (await session.scalars(select(Message).order_by(Message.id))).all()
        told = await conversations.lines(session, shop.vault, rows[0].customer_id)
    assert [row.direction for row in rows] == ["in", "out"]
    assert "我的券".encode() not in rows[0].text
    assert told[0][1] == "我的券"


async def test_she_is_greeted_with_what_she_kept_and_buys_it_again_by_one_link(shop):
    await hears(shop, "你好")
    shirt = Line(sku="QH1001", name="亚麻衬衫", amount_fen=39_900)
    order = {"source": "pos", "order_no": "A1", "amount_fen": 39_900, "lines": (shirt,)}
    buyer = Buyer(external_userid=HER)
    paid = OrderReported(at=shop.now, event_id="1", kind=OrderKind.PAID, buyer=buyer, **order)
    await shop.receives(paid)
    assert "亚麻衬衫" in await hears(shop, "你好")
    said = await hears(shop, "上次那件想再买一件")
    async with shop.session() as session:
        leads = await links.targets(session, re.findall(r"http\S+", said))
    assert "亚麻衬衫" in said
    assert any("QH1001" in address for address in [said, *leads.values()])


async def test_leaving_in_other_words_is_offered_by_one_tap(shop):
    await hears(shop, "别再给我推活动了")
    offered = shop.platform.sent(SendKf)[0]
    assert offered.menu[0].id == "consent_no"
    assert "不再给你发" in await hears(shop, offered.menu[0].text, menu_id="consent_no")


async def test_a_fan_gets_a_games_choices_to_tap_and_her_tap_counts(shop):
    async def says(text, menu_id=None):
        fan = FanMessaged(
            at=shop.now,
            openid="o-lin",
            account="gh_1",
            msgid=shop.key(),
            msgtype="text",
            text=text,
            menu_id=menu_id,
        )
        reply = await shop.receives(fan)
        return reply, [call for call in await shop.sends() if isinstance(call, SendOfficial)]

    reply, (asked,) = await says("投票")
    assert (reply, [item.text for item in asked.menu]) == (None, ["针织", "亚麻", "牛仔"])
    reply, sent = await says(asked.menu[0].text, asked.menu[0].id)
    assert "针织 1 票" in reply.text
    assert sent == []
