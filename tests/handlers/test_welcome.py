"""The first words: at once, once, or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.calls import Refused, SendKfOnEvent, SendWelcome
from bot.domain.delivery import Owed
from bot.events import CustomerAdded, FanFollowed, KfSessionEntered
from bot.store import links, playbooks
from tests.builders import a_guide


@pytest.fixture(autouse=True)
async def published(bot):
    async with bot.session() as session:
        await playbooks.publish_playbooks(session, bot.content, bot.now)
        await a_guide(session, userid="WangFang", name="王芳")


def added(bot, **changes):
    facts = {"userid": "WangFang", "external_userid": "wm1", "state": "store-s01"}
    return CustomerAdded(at=bot.now, **(facts | {"welcome_code": "W1"} | changes))


def welcomes(made) -> list[SendWelcome]:
    return [call for call in made if isinstance(call, SendWelcome)]


async def test_a_new_friend_is_welcomed_by_where_she_came_from(bot):
    await bot.receives(added(bot))
    (welcome,) = welcomes(await bot.sends())
    assert "刚才在门店接待你的是我，王芳" in welcome.text
    assert "回复“订阅”" in welcome.text
    async with bot.session() as session:
        leads = await links.targets(session, [welcome.attachments[0].url])
    assert list(leads.values()) == ["/h5/contact"]


async def test_an_unknown_source_gets_the_general_words(bot):
    await bot.receives(added(bot, state=None))
    (welcome,) = welcomes(await bot.sends())
    assert "很高兴认识你" in welcome.text


async def test_a_welcome_is_never_sent_twice(bot):
    await bot.receives(added(bot, half=True), added(bot))
    await bot.sends()
    assert welcomes(bot.platform.performed)[1:] == []


async def test_a_late_welcome_is_dropped_and_shown(bot):
    await bot.receives(added(bot))
    bot.clock.advance(seconds=19)
    assert welcomes(await bot.sends()) == []
    async with bot.session() as session:
        (owed,) = await session.scalars(select(Owed).where(Owed.kind == "send_welcome"))
    assert (owed.state, owed.reason) == ("expired", "expired")


async def test_a_code_that_was_used_is_not_tried_again(bot):
    bot.platform.answers(SendWelcome, Refused(41051, "already_chatting"))
    await bot.receives(added(bot))
    await bot.sends()
    assert welcomes(await bot.sends()) == []


async def test_without_a_code_nothing_is_said(bot):
    await bot.receives(added(bot, welcome_code=None))
    assert welcomes(await bot.sends()) == []


async def test_a_paused_welcome_says_nothing(bot):
    async with bot.session() as session:
        await playbooks.pause(session, "welcome", on=True, now=bot.now)
    await bot.receives(added(bot))
    assert welcomes(await bot.sends()) == []


async def test_a_visitor_is_greeted_with_a_menu(bot):
    entered = KfSessionEntered(
        at=bot.now,
        open_kfid="wk1",
        external_userid="wm2",
        msgid="m1",
        welcome_code="K1",
    )
    await bot.receives(entered)
    (greeting,) = [call for call in await bot.sends() if isinstance(call, SendKfOnEvent)]
    assert "回复“人工”" in greeting.text
    assert "我的券" in [item.text for item in greeting.menu]


async def test_a_fan_is_answered_in_the_same_breath(bot):
    reply = await bot.receives(FanFollowed(at=bot.now, openid="o1", account="gh_1"))
    assert "谢谢关注青禾衣坊" in reply.text
