"""A thousand people come into group chats, some by leaked codes; rooms fill, one is dissolved, an owner resigns and
members stop being customers: what the rooms of the sandbox hold is what the bot knows, and it asked for what is due."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import select

from bot.demo.scene import Scene, open_scene
from bot.domain.delivery import GuideTask
from bot.domain.group_chats import GroupChat, GroupMember, Invite
from bot.events.commands import Actor, PublishGroupRule
from bot.inbound import commands
from bot.outbound.reconcile import reconcile
from bot.store import customers, group_chats, tags
from handlers import ROUTERS

START = datetime(2026, 3, 12, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
GUIDES = ("WangFang", "LiNa", "ZhaoMin", "SunLi", "ZhouYu", "WuTing")
FAMILIES = {"benefit": "青禾福利群", "knitwear": "羊毛针织研究所", "vip": "青禾核心会员"}
FRIENDS, STRANGERS = 700, 300
KNITTERS = 120
"""Friends who care for knitwear: they may sit in that family."""
AT_ONCE = 50
LEFT_US = 40
OWNER = Actor(kind="owner", id="boss")


def world() -> dict[str, Any]:
    follows = [[{"guide": GUIDES[n % 6], "state": "till"}] for n in range(FRIENDS)]
    people = follows + [[] for _ in range(STRANGERS)]
    return {
        "guides": [{"userid": one, "name": one, "confirm": {"habit": "manual"}} for one in GUIDES],
        "customers": [
            {"id": f"c{n:04}", "name": f"顾客{n}", "follows": hers}
            for n, hers in enumerate(people)
        ],
        "groups": [
            {"name": f"{name} {number}", "owner": GUIDES[place * 2 + number - 1], "capacity": 200}
            for place, name in enumerate(FAMILIES.values())
            for number in (1, 2)
        ],
        "kf": [{"name": "青禾客服", "servicers": ["WangFang"]}],
    }


async def goes_on(scene: Scene, **span: float) -> None:
    """Let so much time pass, doing what is due at each moment of it."""
    until = scene.now + timedelta(**span)
    while scene.now < until:
        await scene.bot.step()
        moment = await scene.bot.next_moment()
        goal = min(max(moment or until, scene.now + timedelta(seconds=1)), until)
        await scene.control("clock", {"step": {"until": goal.isoformat()}})
    await scene.bot.step()


async def codes(scene: Scene) -> dict[str, str]:
    """What the bot would show to somebody who may come in, by family."""
    async with scene.bot.work.sessions.reading() as session:
        rules = {rule.key: rule for rule in await group_chats.live_rules(session)}
        found = {key: await group_chats.open_code(session, rules[key]) for key in FAMILIES}
    assert None not in found.values(), found
    return {key: str(code) for key, code in found.items()}


def comers(chance: random.Random) -> list[tuple[str, str]]:
    """550 friends and 150 strangers for benefits, 100 knitters and 60 others for knitwear, 140 strangers to VIP."""
    friends, strangers = list(range(FRIENDS)), list(range(FRIENDS, FRIENDS + STRANGERS))
    coming = [(n, "benefit") for n in friends[-550:]] + [(n, "benefit") for n in strangers[:150]]
    coming += [(n, "knitwear") for n in friends[:100]] + [
        (n, "knitwear") for n in friends[200:260]
    ]
    coming += [(n, "vip") for n in strangers[150:290]]
    chance.shuffle(coming)
    return [(f"c{n:04}", family) for n, family in coming]


async def known_to_knit(scene: Scene) -> None:
    state = await scene.state()
    ids = {one["id"]: one["external_userid"] for one in state["customers"]}
    work = scene.bot.work
    async with work.sessions.begin() as session:
        for n in range(KNITTERS):
            found = await customers.find(session, work.vault, "external_userid", ids[f"c{n:04}"])
            assert found is not None
            await tags.put(
                session,
                customer_id=found.id,
                tag="兴趣/羊毛针织",
                source="guide",
                evidence={"guide": "WangFang"},
                now=scene.now,
            )


async def same_rooms(scene: Scene) -> None:
    """Every room of the platform, and who sits in it, is known at this very moment."""
    there = {
        one["chat_id"]: {member["userid"] for member in one["members"]}
        for one in (await scene.state())["groups"]
    }
    async with scene.bot.work.sessions.reading() as session:
        seats = await group_chats.seats(session)
    here = {chat: set(room.members) for chat, room in seats.items() if room.state != "dismissed"}
    assert here == there


async def come_in(scene: Scene, chance: random.Random) -> int:
    """Everybody by the code that the bot would show at that moment; how many rooms the platform made."""
    coming, made = comers(chance), 0
    for start in range(0, len(coming), AT_ONCE):
        code = await codes(scene)
        some = [
            {"act": "join_group", "customer": who, "join_way": code[family]}
            for who, family in coming[start : start + AT_ONCE]
        ]
        said = await scene.act(*some)
        assert all(one["ok"] for one in said), "a code that leads nowhere"
        made += sum(one.get("created", False) for one in said)
        await goes_on(scene, seconds=5)
        await same_rooms(scene)
    return made


async def publish(scene: Scene, group: str, rule: dict[str, Any], **settings: Any) -> None:
    command = PublishGroupRule(
        at=scene.now, actor=OWNER, key=f"p-{group}", group=group, rule=rule, settings=settings
    )
    work = scene.bot.work
    await commands.do(scene.bot.dispatcher, work.sessions, command, scene.now)


async def test_a_thousand_people_in_six_rooms(databases, tmp_path):
    chance = random.Random(7)
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(world(), allow_unicode=True), "utf-8")
    database_url = databases.empty(tmp_path)
    async with open_scene(
        tmp_path, ROUTERS, seed=7, start=START, database_url=database_url
    ) as scene:
        await reconcile(scene.bot.work)
        await goes_on(scene, minutes=2)
        await known_to_knit(scene)
        rule = {"all": [{"field": "follows.any", "op": "eq", "value": True}]}
        await publish(scene, "benefit", rule, grace_days=2)
        made = await come_in(scene, chance)
        flags = await flagged(scene)
        assert flags == {"no_invite": 150 + 60 + 140}

        state = await scene.state()
        named = {one["name"]: one["chat_id"] for one in state["groups"]}
        gone = named["羊毛针织研究所 1"]
        await scene.act(
            {"act": "dismiss_group", "chat_id": gone},
            {"act": "resign", "guide": GUIDES[1]},
            *leavers(state),
        )
        await goes_on(scene, seconds=5)
        await same_rooms(scene)
        assert gone not in await behind(scene, (await codes(scene))["knitwear"])
        await goes_on(scene, days=4)

        left = await flagged(scene)
        assert left == {"no_invite": 150 + 60 + 140, "demoted": LEFT_US}
        await asked_once(scene, sum(left.values()))
        print(f"{len(comers(chance))} joiners, {made} rooms made by the platform, flags {left}")


def leavers(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Friends in the benefit rooms who delete their guide, and stay in the room; who leaves a guide that has gone
    already is told to nobody."""
    rooms = [one for one in state["groups"] if one["name"].startswith(FAMILIES["benefit"])]
    inside = {member["userid"] for room in rooms for member in room["members"]}
    friends = [one for one in state["customers"] if one["external_userid"] in inside]
    theirs = [one for one in friends if one["follows"] and one["follows"][0]["guide"] != GUIDES[1]]
    return [
        {"act": "delete_guide", "customer": one["id"], "guide": one["follows"][0]["guide"]}
        for one in theirs[:LEFT_US]
    ]


async def behind(scene: Scene, code: str) -> list[str]:
    ways = (await scene.state())["join_ways"]
    (way,) = [one for one in ways if one["qr_code"] == code]
    return list(way["chat_id_list"])


async def flagged(scene: Scene) -> Counter[str]:
    async with scene.bot.work.sessions.reading() as session:
        flags = select(GroupMember.flag_reason).where(GroupMember.flagged_at.is_not(None))
        return Counter(str(one) for one in await session.scalars(flags))


async def asked_once(scene: Scene, flags: int) -> None:
    async with scene.bot.work.sessions.reading() as session:
        tasks = (await session.scalars(select(GuideTask))).all()
        removals = [one.key.split(":")[1] for one in tasks if one.kind == "group_remove"]
        assert len(removals) == len(set(removals)) == flags
        orphan = select(GroupChat.id).where(GroupChat.owner == GUIDES[1])
        rooms = (await session.scalars(orphan)).all()
        asked = [one for one in tasks if one.kind == "group_owner"]
        assert len(asked) == len(rooms) > 0
        invited = Counter(
            (one.customer_id, one.rule_key) for one in await session.scalars(select(Invite))
        )
        assert not invited or max(invited.values()) == 1
