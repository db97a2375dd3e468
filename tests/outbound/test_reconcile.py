"""A sandbox whose callbacks nobody hears, and one reconciliation that makes up for all of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import (
    GetCustomersOf,
    GetGroupChat,
    ListCustomers,
    ListGroupChats,
    ListGuides,
    Refused,
    Sent,
    TryLater,
)
from bot.domain.campaigns import Touch
from bot.domain.customers import ContactWay, Follow, Guide
from bot.domain.group_chats import GroupChat, GroupMember
from bot.domain.tags import FollowTag, Tag, TagGroup
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.outbound.reconcile import reconcile
from bot.outbound.reconcile.guides import chains
from bot.outbound.sender import Sender
from bot.platforms.accounts import WecomAccount
from bot.platforms.gateway import open_gateway
from bot.store import customers, group_chats, tags
from bot.store.tokens import SqlTokens
from tests.outbound.conftest import a_campaign, agrees
from tests.sandbox.kit import EC, Bench


class Shop:
    """The bot on one side, the sandbox on the other; what happens there is told to nobody."""

    def __init__(self, bot, bench):
        self.bot, self.bench, self.world = bot, bench, bench.world

    async def happens(self, *acts):
        for act, args in acts:
            done = await self.bench.act(act, **args)
            assert done["ok"], (act, done)
        await self.later(minutes=5)

    async def later(self, **ahead):
        await self.bench.advance(timedelta(**ahead).total_seconds())
        self.bot.clock.move_to(self.bench.sandbox.stage.now())

    async def reconciles(self, *, repair=True):
        report = await reconcile(self.bot.work, repair=repair)
        if repair:
            await self.pays()
        return report

    async def pays(self):
        work = self.bot.work
        while (
            await self.bot.dispatcher.drain(work.sessions, work.now())
            or await self.bot.sender.pay()
        ):
            pass
        assert not self.bot.bugs, self.bot.bugs

    async def worn(self, name):
        async with self.bot.session() as s:
            external = self.bench.external(name)
            who = await customers.find(s, self.bot.vault, "external_userid", external)
            assert await customers.name_of(s, self.bot.vault, who.id)
            return [each.tag for each in await tags.worn(s, who.id, self.bot.now)]

    async def here(self):
        async with self.bot.session() as s:
            marks = await s.execute(
                select(Guide.userid, Follow.external_userid, TagGroup.name + "/" + Tag.name)
                .join(Follow, Follow.guide_id == Guide.id)
                .outerjoin(
                    FollowTag, (FollowTag.follow_id == Follow.id) & (FollowTag.state == "marked")
                )
                .outerjoin(Tag, Tag.id == FollowTag.tag_id)
                .outerjoin(TagGroup, TagGroup.id == Tag.group_id)
                .where(Follow.ended_at.is_(None))
            )
            seats = await s.execute(
                select(GroupChat.chat_id, GroupChat.name, GroupChat.owner, GroupMember.member_id)
                .join(GroupMember, GroupMember.group_chat_id == GroupChat.id)
                .where(GroupMember.left_at.is_(None), GroupChat.state != "dismissed")
            )
            tags = await s.execute(
                select(Tag.corp_tag_id, TagGroup.name, Tag.name)
                .join(TagGroup)
                .where(Tag.corp_tag_id.is_not(None))
            )
            ways = await s.execute(select(ContactWay.state, ContactWay.config_id))
            return {
                "follows": {tuple(row) for row in marks},
                "seats": {tuple(row) for row in seats},
                "tags": {tuple(row) for row in tags},
                "ways": {tuple(row) for row in ways},
            }

    def there(self):
        world = self.world
        ties = [tie for guide in world.guides.values() for tie in guide.follows.values()]
        named = {
            t.id: f"{world.tag_groups[t.group_id].name}/{t.name}" for t in world.tags.values()
        }
        return {
            "follows": {
                (tie.userid, tie.external_userid, tag and named[tag])
                for tie in ties
                for tag in ([tag for tag in tie.tags if tag in named] or [None])
            },
            "seats": {
                (group.chat_id, group.name, group.owner, member)
                for group in world.groups.values()
                for member in group.members
            },
            "tags": {
                (tag.id, world.tag_groups[tag.group_id].name, tag.name)
                for tag in world.tags.values()
            },
            "ways": {(way["state"], way["config_id"]) for way in world.contact_ways.values()},
        }


@pytest.fixture
def opened(bot):
    """`async with opened(world) as shop`."""

    @asynccontextmanager
    async def opened(world=None):
        async with Bench(world) as bench:
            app = bench.world.corp.apps[0]
            account = WecomAccount(
                corp_id=bench.world.corp.corp_id,
                agent_id=app.agent_id,
                secret=app.secret,
                api_base=bench.sandbox.base_url,
            )
            bot.clock.move_to(bench.sandbox.stage.now())
            gateway = open_gateway(
                wecom=account,
                official=None,
                tokens=SqlTokens(bot.sessions, bot.vault),
                clock=bot.clock,
                load_media=lambda _name: b"",
            )
            async with gateway as platform:
                bot.work = replace(bot.work, platform=platform)
                bot.sender = Sender(bot.work, owner="test", alarm=bot.bugs.append)
                yield Shop(bot, bench)

    return opened


IN_STEP = {
    "list_corp_tags": 1,
    "list_guides": 1,
    "get_customers_of": 1,  # a page per hundred ties
    "list_group_chats": 1,
    "get_group_chat": 2,  # and a look per room and per code
    "get_contact_way": 2,
    "list_contact_ways": 1,
    "list_kf_accounts": 1,
    "list_mass_tasks": 2,
}


def kinds(report):
    return {(what, where): drift.found for (what, where), drift in report.drift.items()}


async def test_one_round_makes_up_for_every_callback_that_was_lost(opened):
    async with opened() as shop:
        first = await shop.reconciles()
        assert kinds(first)["follow", "missing_here"] == 3
        assert shop.there() == await shop.here()
        group = next(iter(shop.world.groups))
        await shop.happens(
            ("add_friend", {"customer": "new", "name": "新来的", "contact_way": "store-s01"}),
            ("delete_customer", {"guide": "LiNa", "customer": "c0003"}),
            ("create_tag", {"group": "导购", "name": "喜欢试穿"}),
            ("edit_customer", {"guide": "ZhaoMin", "customer": "c0004", "remark": "知远 爱衬衫"}),
            ("edit_customer", {"guide": "ZhaoMin", "customer": "c0004", "add_tags": ["喜欢试穿"]}),
            ("rename_tag", {"group": "来源", "tag": "公众号", "name": "服务号"}),
            ("create_group", {"owner": "LiNa", "name": "新群", "members": ["c0004"]}),
            ("join_group", {"customer": "c0001", "chat_id": group}),
            ("leave_group", {"customer": "c0002", "chat_id": group}),
            ("rename_group", {"chat_id": group, "name": "青禾福利一群"}),
        )
        before = await shop.here()
        looked = await shop.reconciles(repair=False)
        assert await shop.here() == before
        mended = await shop.reconciles()
        assert kinds(looked) == kinds(mended)
        assert mended.found == mended.repaired
        assert shop.there() == await shop.here()
        # The addition was told late: the tag of her code is there, and her journeys began.
        assert await shop.worn("new") == ["来源/徐汇店收银台"]
        again = await shop.reconciles()
        assert again.found == 0
        assert again.calls == IN_STEP


async def test_what_was_deleted_by_hand_is_given_up(opened):
    async with opened() as shop:
        await shop.happens(
            ("create_tag", {"group": "导购", "name": "喜欢试穿"}),
            ("edit_customer", {"guide": "LiNa", "customer": "c0003", "add_tags": ["喜欢试穿"]}),
            ("create_tag", {"group": "导购", "name": "难缠"}),
        )
        await shop.reconciles()
        group = next(iter(shop.world.groups))
        await shop.happens(
            ("edit_customer", {"guide": "LiNa", "customer": "c0003", "remove_tags": ["喜欢试穿"]}),
            ("delete_tag", {"group": "导购", "tag": "难缠"}),
            ("dismiss_group", {"chat_id": group}),
            ("resign", {"guide": "ZhaoMin"}),
        )
        report = await shop.reconciles()
        assert kinds(report) == {
            ("tag", "missing_there"): 1,
            ("guide", "missing_there"): 1,
            ("mark", "missing_there"): 1,
            ("group_chat", "missing_there"): 1,
        }
        assert report.found == report.repaired
        assert (await shop.reconciles()).found == 0


async def test_a_name_that_rules_give_is_put_back_and_another_is_taken_over(opened):
    async with opened() as shop:
        await shop.happens(
            ("create_tag", {"group": "兴趣", "name": "衬衫"}),
            ("create_tag", {"group": "导购", "name": "爱拍照"}),
        )
        await shop.reconciles()
        async with shop.bot.session() as s:
            who = await s.scalar(select(Follow.customer_id))
            given = {"source": "purchase", "evidence": {}, "now": shop.bot.now}
            await tags.put(s, customer_id=who, tag="兴趣/衬衫", **given)
        await shop.happens(
            ("rename_tag", {"group": "兴趣", "tag": "衬衫", "name": "衬衣"}),
            ("rename_tag", {"group": "导购", "tag": "爱拍照", "name": "常拍照"}),
        )
        report = await shop.reconciles()
        assert kinds(report) == {("tag", "differing"): 2}
        names = {f"{group}/{name}" for _, group, name in (await shop.here())["tags"]}
        assert {"兴趣/衬衫", "导购/常拍照"} <= names
        assert shop.there() == await shop.here()


async def test_codes_that_died_are_made_anew(opened):
    async with opened() as shop:
        await shop.bot.publishes()
        await shop.reconciles()
        room = next(iter(shop.world.groups))
        async with shop.bot.session() as s:
            chat = await s.scalar(select(GroupChat).where(GroupChat.chat_id == room))
            rule = await group_chats.rule_of(s, chat.rule_key)
            await group_chats.owe_code(s, shop.bot.vault, rule, shop.bot.now)
        await shop.pays()
        old = {config: way["state"] for config, way in shop.world.join_ways.items()}
        mine = next(config for config, state in old.items() if state.startswith("grp."))
        await shop.bench.post(f"{EC}/groupchat/del_join_way", {"config_id": mine})
        config = shop.world.ways_by_state["store-s01"]
        await shop.bench.post(f"{EC}/del_contact_way", {"config_id": config})
        report = await shop.reconciles()
        assert kinds(report) == {
            ("contact_way", "missing_there"): 1,
            ("join_way", "missing_there"): 1,
        }
        assert "store-s01" in shop.world.ways_by_state
        assert (await shop.reconciles()).found == 0


async def test_a_confirmed_task_is_not_waited_for(opened):
    async with opened() as shop:
        await shop.reconciles()
        async with shop.bot.session() as s:
            who = await customers.find(
                s, shop.bot.vault, "external_userid", shop.bench.external("c0002")
            )
            await agrees(s, who, shop.bot.now)
        await a_campaign(shop.bot)
        await shop.bot.works(plan_due, deliver_due)
        await shop.pays()
        (msgid,) = shop.world.guides["WangFang"].mass_tasks
        await shop.happens(("confirm_task", {"guide": "WangFang", "msgid": msgid}))
        report = await shop.reconciles()
        assert kinds(report) == {("mass_result", "differing"): 1}
        async with shop.bot.session() as s:
            assert "delivered" in set(await s.scalars(select(Touch.state)))
        assert (await shop.reconciles()).found == 0


def listing(**contact):
    """One page: one customer of one guide."""
    person = {"external_userid": "wmOld", "name": "小满", "type": 1, "gender": 2, "unionid": "u1"}
    tie = {"userid": "WangFang", "remark": "", "createtime": 1_700_000_000, "tag_id": []}
    entry = {"external_contact": person | contact, "follow_info": tie}
    return Sent({"external_contact_list": [entry], "next_cursor": ""})


async def addresses(bot):
    async with bot.session() as s:
        who = await customers.find(s, bot.vault, "unionid", "u1")
        return [known.value for known in await customers.addresses(s, who.id, "external_userid")]


async def test_a_new_external_userid_is_hers_and_the_old_one_is_laid_aside(bot):
    bot.platform.answers(ListGuides, Sent({"follow_user": ["WangFang"]}))
    bot.platform.answers(GetCustomersOf, listing(), listing(external_userid="wmNew"))
    await reconcile(bot.work)
    bot.clock.advance(days=1)
    report = await reconcile(bot.work)
    assert kinds(report) == {("identity", "differing"): 1}
    assert await addresses(bot) == ["wmNew"]
    async with bot.session() as s:
        tie = await s.scalar(select(Follow))
        assert (tie.external_userid, tie.ended_at) == ("wmNew", None)
    assert (await reconcile(bot.work)).found == 0


async def test_absent_from_one_list_and_present_in_the_other_is_not_gone(bot):
    bot.platform.answers(ListGuides, Sent({"follow_user": ["WangFang"]}))
    bot.platform.answers(GetCustomersOf, listing(), Sent({"external_contact_list": []}))
    bot.platform.answers(ListCustomers, Sent({"external_userid": ["wmOld"]}))
    await reconcile(bot.work)
    bot.clock.advance(days=1)
    assert (await reconcile(bot.work)).found == 0
    bot.platform.answers(ListCustomers, Refused(84061, "not_friend"))
    assert kinds(await reconcile(bot.work)) == {("follow", "missing_there"): 1}


async def test_a_listing_that_breaks_ends_nothing(bot):
    bot.platform.answers(ListGuides, Sent({"follow_user": ["WangFang"]}))
    bot.platform.answers(GetCustomersOf, listing())
    await reconcile(bot.work)
    bot.clock.advance(days=1)
    first = Sent({"external_contact_list": [], "next_cursor": "C"})
    closed = TryLater(45009, "rate_limited", timedelta(seconds=60))
    bot.platform.answers(GetCustomersOf, first, closed)
    report = await reconcile(bot.work)
    assert [(gap.what, gap.why) for gap in report.gaps] == [("customers:WangFang", "rate_limited")]
    assert report.found == 0
    assert bot.platform.sent(ListCustomers) == []


async def test_an_answer_that_was_lost_is_asked_for_again(bot):
    bot.platform.answers(ListGuides, Sent({"follow_user": ["WangFang"]}))
    bot.platform.answers(GetCustomersOf, TryLater(0, "lost"), listing())
    report = await reconcile(bot.work)
    assert report.gaps == []
    assert report.calls["get_customers_of"] == 2


async def test_one_guide_who_may_not_be_asked_about_does_not_hide_the_others(bot):
    bot.platform.answers(ListGuides, Sent({"follow_user": ["LiNa", "WangFang"]}))

    def ask(call):
        return Refused(60111, "no_such_guide") if "LiNa" in call.userids else listing()

    bot.platform.answers(GetCustomersOf, ask)
    report = await reconcile(bot.work)
    assert kinds(report)["follow", "missing_here"] == 1
    assert [(gap.what, gap.code) for gap in report.gaps] == [("customers:LiNa", 60111)]


async def test_a_room_that_only_left_our_sight_is_kept(bot):
    seat = {"member_list": [{"userid": "boss", "type": 1}], "name": "福利群", "owner": "boss"}
    listed = Sent({"group_chat_list": [{"chat_id": "wr1", "status": 0}]})
    bot.platform.answers(ListGroupChats, listed, Sent({"group_chat_list": []}))
    bot.platform.answers(GetGroupChat, Sent({"group_chat": seat}))
    await reconcile(bot.work)
    report = await reconcile(bot.work)
    assert (report.found, [gap.what for gap in report.gaps]) == (0, ["group_chat:wr1"])


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({f"g{n}": 10 for n in range(150)}, [100, 50]),
        ({"a": 4000, "b": 4000, "c": 500}, [1, 2]),
        ({"a": 9000, "b": 0}, [1, 1]),
        ({}, []),
    ],
)
def test_guides_are_asked_about_together_but_not_in_endless_chains(sizes, expected):
    assert [len(chain) for chain in chains(sizes)] == expected
