from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import SendKf
from bot.domain.customers import Customer
from bot.domain.delivery import GuideTask
from bot.domain.refusals import Refusal
from bot.events import (
    CustomerAdded,
    FanMessaged,
    FinishGuideTask,
    FormAnswered,
    KfMessageReceived,
    MenuClicked,
    OptIn,
    OptOut,
)
from bot.events.commands import Actor
from bot.store import consent, customers

CARE = Actor(kind="care", id="1")


async def writes(bot, text, *, external_userid="wm1", **facts):
    """She writes in kf; a minute later it is handled."""
    bot.clock.advance(minutes=1)
    event = KfMessageReceived(
        at=bot.now,
        open_kfid="wk1",
        external_userid=external_userid,
        msgid=bot.key(),
        msgtype="text",
        text=text,
        **facts,
    )
    await bot.receives(event)


async def told(bot):
    return [call.text for call in await bot.sends() if isinstance(call, SendKf)]


async def agreed(bot, purpose="marketing_wecom", kind="kf", value="wm1"):
    async with bot.session() as s:
        who = await customers.find(s, bot.vault, kind, value)
        return await consent.granted(s, who.id, purpose) is not None


async def her_id(bot):
    async with bot.session() as s:
        return (await customers.find(s, bot.vault, "kf", "wm1")).id


async def test_a_word_gives_consent_and_a_word_takes_it_back(bot):
    await writes(bot, "订阅")
    assert await agreed(bot)
    await writes(bot, "退订")
    assert not await agreed(bot)
    said = await told(bot)
    assert len(said) == 2
    assert "不再给你发活动消息" in said[1]


async def test_tapping_yes_is_consent(bot):
    await writes(bot, "想收", menu_id="consent_yes")
    assert await agreed(bot)


async def test_a_fan_is_answered_in_the_reply_itself(bot):
    event = FanMessaged(
        at=bot.now, openid="oA", account="gh_1", msgid="1", msgtype="text", text="同意接收"
    )
    reply = await bot.receives(event)
    assert "上新和优惠会发给你" in reply.text
    assert await agreed(bot, "marketing_official", "openid", "oA")
    assert not await agreed(bot, "marketing_wecom", "openid", "oA")


async def test_a_menu_key_counts_like_a_word(bot):
    reply = await bot.receives(
        MenuClicked(at=bot.now, openid="oA", account="gh_1", key="personal_off")
    )
    assert "不再按你的购买和喜好" in reply.text
    async with bot.session() as s:
        assert not (await s.scalar(select(Customer))).personalised


async def a_review(bot):
    """A customer with a guide agreed, then wrote something that sounds like leaving."""
    await bot.receives(CustomerAdded(at=bot.now, userid="WangFang", external_userid="wm1"))
    await writes(bot, "订阅")
    await writes(bot, "你们怎么老发,不要再发这种了吧")
    async with bot.session() as s:
        return (await s.scalars(select(GuideTask).where(GuideTask.kind == "consent_review"))).one()


async def finish(bot, task, *, done):
    bot.clock.advance(minutes=5)
    await bot.does(
        FinishGuideTask(
            at=bot.now,
            actor=Actor(kind="guide", id="WangFang"),
            key=bot.key(),
            task_id=task.id,
            done=done,
        )
    )


async def test_doubtful_words_stop_marketing_until_a_person_has_read_them(bot):
    task = await a_review(bot)
    assert not await agreed(bot)
    await finish(bot, task, done=False)
    assert await agreed(bot)


async def test_the_person_who_read_it_may_confirm_the_refusal(bot):
    task = await a_review(bot)
    await finish(bot, task, done=True)
    assert not await agreed(bot)
    async with bot.session() as s:
        assert await consent.paused(s, await her_id_in(s, bot)) == []


async def her_id_in(session, bot):
    return (await customers.find(session, bot.vault, "kf", "wm1")).id


async def test_the_preferences_page_answers_each_purpose(bot):
    await writes(bot, "你好")
    answers = {"marketing_wecom": "yes", "profiling": "no"}
    event = FormAnswered(
        at=bot.now, customer_id=await her_id(bot), form="consent", answers=answers
    )
    await bot.receives(event)
    assert await agreed(bot)
    async with bot.session() as s:
        assert not (await s.scalar(select(Customer))).personalised


async def test_staff_may_take_consent_away_but_never_give_it(bot):
    await writes(bot, "订阅")
    who = await her_id(bot)
    bot.clock.advance(minutes=1)
    facts = {"actor": CARE, "customer_id": who, "channel": "phone"}
    await bot.does(OptOut(at=bot.now, key=bot.key(), purpose="marketing", **facts))
    assert not await agreed(bot)
    with pytest.raises(Refusal):
        await bot.does(OptIn(at=bot.now, key=bot.key(), purpose="marketing_wecom", **facts))


async def test_the_customer_gives_consent_for_herself_only(bot):
    await writes(bot, "你好")
    who = await her_id(bot)
    facts = {"customer_id": who, "channel": "page", "purpose": "marketing_wecom"}
    bot.clock.advance(minutes=1)
    stranger = Actor(kind="customer", id="somebody")
    with pytest.raises(Refusal, match="not_own_act"):
        await bot.does(OptIn(at=bot.now, key=bot.key(), actor=stranger, **facts))
    herself = Actor(kind="customer", id=str(who))
    await bot.does(OptIn(at=bot.now, key=bot.key(), actor=herself, **facts))
    assert await agreed(bot)


async def test_an_old_grant_that_arrives_late_does_not_undo_the_refusal(bot):
    await writes(bot, "退订")
    late = KfMessageReceived(
        at=bot.now - timedelta(hours=2),
        open_kfid="wk1",
        external_userid="wm1",
        msgid="late",
        msgtype="text",
        text="订阅",
    )
    await bot.receives(late)
    assert not await agreed(bot)
