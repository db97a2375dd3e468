"""Rules of group chats: what the file says, what people change."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.domain.delivery import GuideTask
from bot.domain.group_chats import GroupRule
from bot.domain.refusals import Refusal
from bot.events import DefineGroup, PublishGroupRule, SwitchGroup
from bot.events.commands import Actor
from bot.store import group_chats
from tests.builders import a_customer, a_guide, a_store

ADMIN = Actor(kind="admin", id="lin")
IN_SHANGHAI = {"all": [{"field": "region", "op": "eq", "value": "上海"}]}
FAMILY = {"key": "benefit", "name": "福利群", "kind": "benefit", "rule": IN_SHANGHAI}


async def publish(bot, **changes) -> int:
    async with bot.session() as session:
        return await group_chats.publish_rules(session, {"groups": [FAMILY | changes]}, bot.now)


async def live(bot) -> list[GroupRule]:
    async with bot.session() as session:
        return list(await group_chats.live_rules(session))


async def change(bot, **facts):
    command = PublishGroupRule(
        at=bot.now, actor=ADMIN, key=bot.key(), **({"group": "benefit", "rule": {}} | facts)
    )
    return await bot.does(command)


async def test_the_shipped_file_is_published_whole(bot):
    async with bot.session() as session:
        await group_chats.publish_rules(session, bot.content.groups, bot.now)
    assert [rule.kind for rule in await live(bot)] == ["vip", "interest", "benefit"]
    for rule in await live(bot):
        assert rule.settings["template"] in bot.content.templates


async def test_the_same_file_twice_is_one_version(bot):
    assert await publish(bot) == 1
    assert await publish(bot) == 0


async def test_a_changed_file_is_a_new_version(bot):
    await publish(bot)
    await publish(bot, grace_days=30)
    (rule,) = await live(bot)
    assert (rule.version, rule.grace_days) == (2, 30)


async def test_each_store_has_its_own_family(bot):
    async with bot.session() as session:
        await a_store(session, code="s01", name="徐汇店")
        await a_store(session, code="s02", name="静安店")
    await publish(bot, per="store")
    assert [(rule.key, rule.name) for rule in await live(bot)] == [
        ("benefit.s01", "福利群·徐汇店"),
        ("benefit.s02", "福利群·静安店"),
    ]


async def test_a_family_made_by_hand_may_be_one_for_each_store(bot):
    spec = FAMILY | {"key": "c-1", "name": "邻居群", "per": "store", "max_groups_per_person": 1}
    command = {"at": bot.now, "actor": ADMIN, "spec": spec}
    with pytest.raises(Refusal, match="no_place"):
        await bot.does(DefineGroup(key=bot.key(), **command))
    async with bot.session() as session:
        await a_store(session, code="s01", name="徐汇店")
        await a_store(session, code="s02", name="静安店")
        await a_guide(session, userid="boss")
    told = await bot.does(DefineGroup(key=bot.key(), **command))
    assert told["groups"] == ["c-1.s01", "c-1.s02"]
    assert {rule.settings["max_groups_per_person"] for rule in await live(bot)} == {1}
    with pytest.raises(Refusal, match="known_group"):
        await bot.does(DefineGroup(key=bot.key(), **command))


async def test_stores_of_one_city_share_a_family(bot):
    async with bot.session() as session:
        await a_store(session, code="s01", city="上海")
        await a_store(session, code="s02", city="上海")
    await publish(bot, per="city")
    (rule,) = await live(bot)
    assert rule.rule["all"][1]["value"] == ["s01", "s02"]


async def test_what_people_changed_outlives_a_restart(bot):
    await publish(bot)
    await change(bot, settings={"grace_days": 60, "invites_a_day": 5})
    await publish(bot)
    (rule,) = await live(bot)
    assert (rule.version, rule.grace_days, rule.settings["invites_a_day"]) == (2, 60, 5)
    assert rule.rule == IN_SHANGHAI


async def test_a_new_rule_says_whom_it_lets_in(bot):
    await publish(bot)
    async with bot.session() as session:
        await a_customer(session, region="北京")
    beijing = {"all": [{"field": "region", "op": "eq", "value": "北京"}]}
    answer = await change(bot, rule=beijing)
    assert (answer["version"], answer["customers"]) == (2, 1)
    assert "北京" in answer["words"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"group": "nobody"}, "no_such_group"),
        ({"rule": {"all": [{"field": "shoe", "op": "eq", "value": 1}]}}, "bad_rule"),
        ({"settings": {"capcity": 3}}, "bad_setting"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(bot, facts, reason):
    await publish(bot)
    with pytest.raises(Refusal, match=reason):
        await change(bot, **facts)
    async with bot.session() as session:
        assert len((await session.scalars(select(GroupRule))).all()) == 1


async def make(bot, **facts):
    spec = {"key": "c-tea", "name": "茶友会", "kind": "interest", "rule": IN_SHANGHAI} | facts
    return await bot.does(DefineGroup(at=bot.now, actor=ADMIN, key=bot.key(), spec=spec))


async def test_a_family_that_a_person_made_outlives_the_next_reading_of_the_file(bot):
    async with bot.session() as session:
        await a_guide(session, userid="owner", name="群主")
    told = await make(bot, owner="owner", capacity=50)
    assert (told["version"], told["words"]) == (1, "地区是 上海")
    await publish(bot)
    made = {rule.key: rule for rule in await live(bot)}
    assert made["c-tea"].capacity == 50
    async with bot.session() as session:
        [task] = await session.scalars(select(GuideTask))
    assert (task.kind, "茶友会" in task.why) == ("group_room", True)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"name": "福利群"}, "known_group"),
        ({"room_base_name": "福利群 2"}, "same_base_name"),
        ({"rule": {"all": [{"field": "没有"}]}}, "bad_rule"),
        ({"capacity": 501}, "bad_content"),
    ],
)
async def test_a_family_that_would_be_mistaken_for_another_is_refused(bot, facts, why):
    await publish(bot)
    with pytest.raises(Refusal) as refused:
        await make(bot, **facts)
    assert refused.value.reason == why


async def test_a_pause_outlives_a_changed_file_and_ends_when_a_person_says_so(bot):
    await publish(bot)
    for on in (False, True):
        await bot.does(SwitchGroup(at=bot.now, actor=ADMIN, key=bot.key(), group="benefit", on=on))
        assert await publish(bot, grace_days=30 + on) == 1
        assert await publish(bot, grace_days=30 + on) == 0
        (rule,) = await live(bot)
        assert rule.paused is not on
