"""Greetings of group chats: brought to the platform once, changed, and taken away; only an owner can pick one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.calls import AddGroupWelcome, DeleteGroupWelcome, EditGroupWelcome, Refused, Sent
from bot.domain.delivery import GuideTask
from bot.events import Actor, PublishGroupRule
from bot.outbound.group_welcomes import publish
from bot.store import group_chats
from tests.builders import a_guide
from tests.outbound.test_groups import FAMILY, Rooms

ONE_DATABASE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

OPERATOR = Actor(kind="operator", id="ops")


async def a_family(bot, welcome: str) -> None:
    async with bot.session() as session:
        await a_guide(session, userid="owner")
        file = {"groups": [FAMILY | {"welcome": welcome}]}
        await group_chats.publish_rules(session, file, bot.now)
    await Rooms(bot).opens("青禾福利群 1", "owner")
    bot.platform.answers(AddGroupWelcome, Sent({"template_id": "msg1"}))


async def says(bot, welcome: str) -> None:
    """Somebody changes it in the console."""
    await bot.does(
        PublishGroupRule(
            actor=OPERATOR,
            key=bot.key(),
            at=bot.now,
            group=FAMILY["key"],
            rule={},
            settings={"welcome": welcome},
        )
    )


async def told(bot) -> list[object]:
    kinds = (AddGroupWelcome, EditGroupWelcome, DeleteGroupWelcome)
    return [call for call in await bot.sends() if isinstance(call, kinds)]


@ONE_DATABASE
async def test_a_greeting_is_made_once_changed_and_taken_away(bot):
    await a_family(bot, "欢迎")
    await bot.works(publish, publish)
    assert await told(bot) == [AddGroupWelcome(text="欢迎")]
    await bot.works(publish)
    await says(bot, "欢迎，每周二四六有福利")
    assert await told(bot) == [EditGroupWelcome(template_id="msg1", text="欢迎，每周二四六有福利")]
    await says(bot, "")
    assert await told(bot) == [DeleteGroupWelcome(template_id="msg1")]
    await bot.works(publish)
    assert await told(bot) == []


@ONE_DATABASE
async def test_owners_are_asked_to_pick_it_for_no_program_can(bot):
    await a_family(bot, "欢迎")
    await bot.works(publish)
    await told(bot)
    async with bot.session() as session:
        query = select(GuideTask).where(GuideTask.kind == "group_welcome")
        (task,) = (await session.scalars(query)).all()
    assert "群设置里选用" in task.why


@ONE_DATABASE
async def test_one_that_was_removed_there_is_made_anew(bot):
    await a_family(bot, "欢迎")
    await bot.works(publish)
    await told(bot)
    bot.platform.answers(EditGroupWelcome, Refused(40058, "bad_field"))
    await says(bot, "欢迎新朋友")
    assert [type(call) for call in await told(bot)] == [EditGroupWelcome, AddGroupWelcome]
