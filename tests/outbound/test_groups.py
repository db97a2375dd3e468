"""The life of group chats: invited, joined, full, leaked, let go, left without an owner."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update

from bot.calls import (
    AddJoinWay,
    GetGroupChat,
    GetJoinWay,
    SendKf,
    Sent,
    UpdateJoinWay,
)
from bot.domain.campaigns import MassTask, Touch
from bot.domain.customers import Customer, Guide, Identity
from bot.domain.delivery import GuideTask
from bot.domain.group_chats import GroupChat, GroupMember, Invite
from bot.domain.tags import CustomerTag
from bot.events import (
    GroupChatChanged,
    GroupChatCreated,
    GroupChatDismissed,
    GroupMembersJoined,
    GroupMembersLeft,
    KfMessageReceived,
    SwitchGroup,
)
from bot.events.commands import Actor, PublishGroupRule, SwitchSending
from bot.outbound.deliver import deliver_due
from bot.outbound.group_posts import post_due
from bot.outbound.groups import demote_due, invite_due, tend_due
from bot.outbound.results import results_due
from bot.store import consent, conversations, group_chats, links
from tests.builders import a_customer, a_follow, a_guide
from tests.hands import Hands

REGULARS = {"all": [{"field": "region", "op": "eq", "value": "上海"}]}
FAMILY = {
    "key": "benefit",
    "name": "福利群",
    "kind": "benefit",
    "rule": REGULARS,
    "capacity": 3,
    "grace_days": 7,
    "room_base_name": "青禾福利群",
}


class Rooms:
    """Group chats as the platform has them: `groupchat/get` and the join way answer from here."""

    def __init__(self, bot) -> None:
        self.bot = bot
        self.rooms: dict[str, dict[str, Any]] = {}
        self.way: dict[str, Any] = {}
        bot.platform.answers(
            GetGroupChat, lambda call: Sent({"group_chat": self.rooms[call.chat_id]})
        )
        bot.platform.answers(AddJoinWay, self._make_way)
        bot.platform.answers(UpdateJoinWay, self._make_way)
        bot.platform.answers(GetJoinWay, lambda call: Sent({"join_way": self.way}))

    def _make_way(self, call: AddJoinWay | UpdateJoinWay) -> Sent:
        self.way = {
            "config_id": "way1",
            "qr_code": "https://wework.qpic.cn/way1",
            "chat_id_list": list(call.chat_ids),
            "state": call.state,
        }
        return Sent({"config_id": "way1"})

    async def opens(self, name: str, owner: str) -> str:
        chat_id = f"wr{len(self.rooms) + 1}"
        self.rooms[chat_id] = {
            "name": name,
            "owner": owner,
            "create_time": int(self.bot.now.timestamp()),
            "member_list": [],
            "member_version": "0",
        }
        await self.bot.receives(GroupChatCreated(at=self.bot.now, chat_id=chat_id))
        await self.bot.sends()
        return chat_id

    async def continues(self, name: str, owner: str) -> str:
        """All rooms are full: the platform makes one behind the same code, and tells of its creation only."""
        self.way["chat_id_list"].append(f"wr{len(self.rooms) + 1}")
        return await self.opens(name, owner)

    async def comes(self, chat_id: str, *customers: Customer, state: str = "grp.benefit") -> None:
        for customer in customers:
            self.rooms[chat_id]["member_list"].append(
                {
                    "userid": await external_userid(self.bot, customer),
                    "type": 2,
                    "join_time": int(self.bot.now.timestamp()),
                    "join_scene": 3,
                    "state": state,
                }
            )
        await self._changed(chat_id, GroupMembersJoined)

    async def goes(self, chat_id: str, customer: Customer) -> None:
        gone = await external_userid(self.bot, customer)
        left = [m for m in self.rooms[chat_id]["member_list"] if m["userid"] != gone]
        self.rooms[chat_id]["member_list"] = left
        await self._changed(chat_id, GroupMembersLeft)

    async def _changed(self, chat_id: str, kind: type) -> None:
        version = str(int(self.rooms[chat_id]["member_version"]) + 1)
        self.rooms[chat_id]["member_version"] = version
        await self.bot.receives(
            kind(at=self.bot.now, chat_id=chat_id, members=(), version=version)
        )
        await self.bot.sends()


async def external_userid(bot, customer) -> str:
    async with bot.session() as session:
        return await session.scalar(
            select(Identity.value).where(Identity.customer_id == customer.id)
        )


async def a_family(bot, **changes) -> tuple[Rooms, str]:
    """A published rule and its first open room."""
    async with bot.session() as session:
        await a_guide(session, userid="owner", name="群主")
        await group_chats.publish_rules(session, {"groups": [FAMILY | changes]}, bot.now)
    rooms = Rooms(bot)
    return rooms, await rooms.opens("青禾福利群 1", "owner")


async def a_regular(bot, *, agrees: bool = True, **changes) -> Customer:
    """A customer whom the rule lets in, with a friend among the guides."""
    async with bot.session() as session:
        customer = await a_customer(session, **({"region": "上海"} | changes))
        await a_follow(session, customer, await a_guide(session))
        if agrees:
            await consent.record(
                session,
                customer_id=customer.id,
                purpose="marketing_wecom",
                action="grant",
                channel="page",
                actor="customer:1",
                at=bot.now,
                evidence={"form": "test"},
            )
    return customer


async def asks(bot, customer: Customer, text: str) -> str:
    """What she reads in 微信客服."""
    whom = await external_userid(bot, customer)
    await bot.receives(
        KfMessageReceived(
            at=bot.now,
            open_kfid="wk",
            external_userid=whom,
            msgid=bot.key(),
            msgtype="text",
            text=text,
        )
    )
    return "\n".join(call.text for call in await bot.sends() if isinstance(call, SendKf))


async def all_of(bot, column) -> list[Any]:
    async with bot.session() as session:
        return list(await session.scalars(select(column)))


async def test_a_room_is_adopted_by_its_name_and_gets_a_code(bot):
    await a_family(bot)
    (room,) = await all_of(bot, GroupChat)
    assert (room.rule_key, room.config_id) == ("benefit", "way1")
    (made,) = bot.platform.sent(AddJoinWay)
    assert made.room_base_name == "青禾福利群"
    assert (made.state, made.auto_create_room) == ("grp.benefit", True)


async def test_a_room_of_another_name_is_left_alone(bot):
    rooms, _ = await a_family(bot)
    await rooms.opens("王芳的邻居群", "owner")
    async with bot.session() as session:
        other = await session.scalar(select(GroupChat).where(GroupChat.chat_id == "wr2"))
    assert other.rule_key is None


async def test_who_belongs_is_invited_once(bot):
    await a_family(bot)
    customer = await a_regular(bot)
    await bot.works(invite_due, invite_due)
    (invite,) = await all_of(bot, Invite)
    assert invite.customer_id == customer.id
    (touch,) = await all_of(bot, Touch)
    assert (touch.template, touch.purpose) == ("group/invite", "marketing")


async def test_who_does_not_belong_or_did_not_agree_is_not(bot):
    await a_family(bot)
    await a_regular(bot, region="北京")
    await a_regular(bot, agrees=False)
    await a_regular(bot, marketing_held=True)
    await bot.works(invite_due)
    assert await all_of(bot, Invite) == []


async def test_without_a_living_code_nobody_is_invited(bot):
    _, chat_id = await a_family(bot)
    await a_regular(bot)
    await bot.receives(GroupChatDismissed(at=bot.now, chat_id=chat_id))
    await bot.works(invite_due)
    assert await all_of(bot, Invite) == []


async def test_a_paused_family_invites_nobody_and_lets_nobody_go(bot):
    rooms, chat_id = await a_family(bot)
    member, other = await a_regular(bot), await a_regular(bot)
    await rooms.comes(chat_id, member)
    async with bot.session() as session:
        await session.execute(
            update(Customer).where(Customer.id == member.id).values(region="北京")
        )
    for paused, invited in ((True, []), (False, [other.id])):
        async with bot.session() as session:
            await group_chats.republish(
                session, "benefit", rule={}, changes={"paused": paused}, by="t", now=bot.now
            )
        await bot.works(invite_due, demote_due)
        assert await all_of(bot, Invite.customer_id) == invited
        assert len(await all_of(bot, Touch)) == 2 * len(invited)


async def test_a_day_has_its_number(bot):
    await a_family(bot, invites_a_day=2)
    for _ in range(5):
        await a_regular(bot)
    await bot.works(invite_due, invite_due)
    assert len(await all_of(bot, Invite.id)) == 2
    bot.clock.advance(days=1)
    await bot.works(invite_due)
    assert len(await all_of(bot, Invite.id)) == 4


async def test_one_person_is_asked_into_so_many_groups(bot):
    families = [
        FAMILY | {"key": f"f{n}", "name": f"群{n}", "room_base_name": f"青禾{n}群", "priority": n}
        for n in (3, 1, 2)
    ]
    async with bot.session() as session:
        await a_guide(session, userid="owner")
        file = {"max_groups_per_person": 2, "groups": families}
        await group_chats.publish_rules(session, file, bot.now)
    rooms = Rooms(bot)
    for n in (1, 2, 3):
        await rooms.opens(f"青禾{n}群 1", "owner")
    async with bot.session() as session:
        await session.execute(update(GroupChat).values(config_id="way1", qr_code="https://qr"))
    await a_regular(bot)
    await bot.works(invite_due)
    assert sorted(await all_of(bot, Invite.rule_key)) == ["f1", "f2"]


async def test_who_has_not_come_by_half_of_the_time_is_reminded_once(bot):
    rooms, chat_id = await a_family(bot, invite_days=10)
    here, away = await a_regular(bot), await a_regular(bot)
    await bot.works(invite_due)
    async with bot.session() as session:
        await session.execute(update(Touch).values(state="delivered"))
    await bot.works(invite_due)
    await rooms.comes(chat_id, here)
    for _ in range(2):
        bot.clock.advance(days=6)
        await bot.works(invite_due)
    async with bot.session() as session:
        again = (await session.scalars(select(Touch).where(Touch.template == "group/again"))).all()
    assert [(touch.customer_id, touch.step) for touch in again] == [(away.id, "again:benefit")]
    assert again[0].purpose == "marketing"
    assert sorted(await all_of(bot, Invite.state)) == ["expired", "joined"]


async def test_who_asks_in_chat_has_an_invite_like_any_other(bot):
    await a_family(bot)
    customer = await a_regular(bot, agrees=False)
    for _ in range(2):
        assert "你可以进福利群" in await asks(bot, customer, "怎么进群")
    (invite,) = await all_of(bot, Invite)
    assert (invite.state, invite.rule_key, invite.touch_id) == ("sent", "benefit", None)
    bot.clock.advance(days=20)
    await bot.works(invite_due)
    assert await all_of(bot, Invite.state) == ["expired"]
    assert "你可以进福利群" in await asks(bot, customer, "怎么进群")
    assert await all_of(bot, Invite.state) == ["sent"]


async def test_chat_shows_no_code_to_whoever_is_in_as_many_groups_as_one_may(bot):
    rooms, chat_id = await a_family(bot, max_groups_per_person=1)
    customer = await a_regular(bot)
    await rooms.comes(chat_id, customer)
    async with bot.session() as session:
        other = FAMILY | {"key": "tea", "name": "茶友会", "room_base_name": "茶友"}
        other |= {"max_groups_per_person": 1}
        await group_chats.publish_rules(session, {"groups": [other]}, bot.now)
    await rooms.opens("茶友 1", "owner")
    async with bot.session() as session:
        await session.execute(update(GroupChat).values(config_id="way1", qr_code="https://qr"))
    said = await asks(bot, customer, "怎么进群")
    assert "一个人能进的群有数" in said
    assert "/l/" not in said


async def test_who_comes_by_an_invite_is_counted_and_tagged(bot):
    rooms, chat_id = await a_family(bot)
    customer = await a_regular(bot)
    await bot.works(invite_due)
    await rooms.comes(chat_id, customer)
    (invite,) = await all_of(bot, Invite)
    assert (invite.state, invite.joined_at) == ("joined", bot.now)
    assert await all_of(bot, CustomerTag.source) == ["group"]
    (member,) = await all_of(bot, GroupMember)
    assert (member.state, member.join_scene, member.flagged_at) == ("grp.benefit", 3, None)


async def test_who_is_in_is_not_shown_a_code(bot):
    rooms, chat_id = await a_family(bot)
    customer, other = await a_regular(bot), await a_regular(bot)
    await rooms.comes(chat_id, customer)
    async with bot.session() as session:
        assert await group_chats.join_link(session, customer.id, "benefit") is None
        assert (
            await group_chats.join_link(session, other.id, "benefit")
            == "https://wework.qpic.cn/way1"
        )


async def test_a_stranger_by_a_leaked_code_is_shown_to_the_owner_once(bot):
    rooms, chat_id = await a_family(bot)
    stranger = await a_regular(bot, region="北京")
    await rooms.comes(chat_id, stranger)
    await rooms.goes(chat_id, stranger)
    await rooms.comes(chat_id, stranger)
    (task,) = await all_of(bot, GuideTask)
    assert (task.kind, bool(task.words)) == ("group_remove", True)
    assert "二维码" in task.why
    assert await all_of(bot, GroupMember.flag_reason) == ["no_invite"]


async def test_somebody_nobody_knows_is_met_and_shown(bot):
    rooms, chat_id = await a_family(bot)
    rooms.rooms[chat_id]["member_list"].append({"userid": "wmNew", "type": 2, "name": "路人"})
    await rooms._changed(chat_id, GroupMembersJoined)
    assert await all_of(bot, GroupMember.flag_reason) == ["no_invite"]


async def test_guides_in_a_room_are_nobodys_business(bot):
    rooms, chat_id = await a_family(bot)
    rooms.rooms[chat_id]["member_list"].append({"userid": "owner", "type": 1})
    await rooms._changed(chat_id, GroupMembersJoined)
    assert await all_of(bot, GuideTask) == []


async def test_the_same_face_in_two_rooms_is_shown(bot):
    rooms, first = await a_family(bot)
    second = await rooms.continues("青禾福利群2", "owner")
    customer = await a_regular(bot)
    await rooms.comes(first, customer)
    await rooms.comes(second, customer)
    assert sorted(filter(None, await all_of(bot, GroupMember.flag_reason))) == ["duplicate"]


async def test_a_full_room_gives_way_to_the_next_one_behind_the_same_code(bot):
    rooms, first = await a_family(bot)
    await rooms.comes(first, *[await a_regular(bot) for _ in range(3)])
    assert await all_of(bot, GroupChat.state) == ["full"]
    late = await a_regular(bot)
    async with bot.session() as session:
        assert await group_chats.join_link(session, late.id, "benefit") is not None
    second = await rooms.continues("青禾福利群2", "owner")
    await rooms.comes(second, late)
    async with bot.session() as session:
        next_room = await session.scalar(select(GroupChat).where(GroupChat.chat_id == second))
    assert (next_room.rule_key, next_room.state, next_room.qr_code) == (
        "benefit",
        "open",
        "https://wework.qpic.cn/way1",
    )
    assert bot.platform.sent(UpdateJoinWay) == []


async def test_a_room_made_by_hand_is_put_behind_the_code(bot):
    rooms, first = await a_family(bot)
    second = await rooms.opens("青禾福利群 2", "owner")
    (changed,) = bot.platform.sent(UpdateJoinWay)
    assert set(changed.chat_ids) == {first, second}


async def test_a_place_set_free_is_offered_again(bot):
    rooms, chat_id = await a_family(bot)
    customers = [await a_regular(bot) for _ in range(3)]
    await rooms.comes(chat_id, *customers)
    await rooms.goes(chat_id, customers[0])
    assert await all_of(bot, GroupChat.state) == ["open"]


async def test_a_dissolved_room_is_never_offered(bot):
    rooms, first = await a_family(bot)
    second = await rooms.opens("青禾福利群 2", "owner")
    customer = await a_regular(bot)
    for chat_id, shown in ((first, True), (second, False)):
        await bot.receives(GroupChatDismissed(at=bot.now, chat_id=chat_id))
        await bot.sends()
        async with bot.session() as session:
            link = await group_chats.join_link(session, customer.id, "benefit")
        assert (link is not None) is shown


async def moves_away(bot, customer, region="北京"):
    async with bot.session() as session:
        await session.execute(
            update(Customer).where(Customer.id == customer.id).values(region=region)
        )


async def test_who_no_longer_belongs_is_told_then_the_owner_asked_after_grace(bot):
    rooms, chat_id = await a_family(bot)
    customer = await a_regular(bot)
    await rooms.comes(chat_id, customer)
    await moves_away(bot, customer)
    await bot.works(demote_due, demote_due)
    (told,) = await all_of(bot, Touch)
    assert (told.template, told.purpose) == ("groups/leaving", "service")
    assert await all_of(bot, GuideTask) == []
    bot.clock.advance(days=7)
    await bot.works(demote_due, demote_due)
    (task,) = await all_of(bot, GuideTask)
    assert "宽限期" in task.why
    assert len(await all_of(bot, Touch.id)) == 1


async def test_who_belongs_again_within_grace_stays(bot):
    rooms, chat_id = await a_family(bot)
    customer = await a_regular(bot)
    await rooms.comes(chat_id, customer)
    await moves_away(bot, customer)
    await bot.works(demote_due)
    await moves_away(bot, customer, "上海")
    await bot.works(demote_due)
    bot.clock.advance(days=8)
    await bot.works(demote_due)
    assert await all_of(bot, GroupMember.grace_until) == [None]
    assert await all_of(bot, GuideTask) == []


async def test_who_left_by_herself_is_not_asked_back_at_once(bot):
    rooms, chat_id = await a_family(bot)
    customer = await a_regular(bot)
    await rooms.comes(chat_id, customer)
    await rooms.goes(chat_id, customer)
    await bot.works(invite_due)
    assert await all_of(bot, Invite) == []
    bot.clock.advance(days=91)
    await bot.works(invite_due)
    assert len(await all_of(bot, Invite.id)) == 1


async def test_an_invite_runs_out(bot):
    await a_family(bot)
    await a_regular(bot)
    await bot.works(invite_due)
    bot.clock.advance(days=14)
    await bot.works(invite_due)
    assert await all_of(bot, Invite.state) == ["expired"]


async def test_a_room_whose_owner_left_is_given_to_somebody(bot):
    await a_family(bot)
    async with bot.session() as session:
        await a_guide(session, userid="boss", duty="manager")
        await session.execute(update(Guide).where(Guide.userid == "owner").values(active=False))
    await bot.works(tend_due, tend_due)
    (task,) = await all_of(bot, GuideTask)
    async with bot.session() as session:
        assert (await session.get(Guide, task.guide_id)).userid == "boss"
    assert task.kind == "group_owner"


async def test_details_that_trail_the_event_are_asked_for_again(bot):
    _, chat_id = await a_family(bot)
    before = len(bot.platform.sent(GetGroupChat))
    await bot.receives(
        GroupMembersJoined(at=bot.now, chat_id=chat_id, members=("wm1",), version="99")
    )
    await bot.sends()
    bot.clock.advance(seconds=20)
    await bot.sends()
    assert len(bot.platform.sent(GetGroupChat)) == before + 2


async def test_a_renamed_room_keeps_its_family(bot):
    rooms, chat_id = await a_family(bot)
    rooms.rooms[chat_id]["name"] = "老朋友们"
    await bot.receives(GroupChatChanged(at=bot.now, chat_id=chat_id, detail="change_name"))
    await bot.sends()
    (room,) = await all_of(bot, GroupChat)
    assert (room.name, room.rule_key) == ("老朋友们", "benefit")


async def test_how_alive_a_group_is(bot):
    rooms, chat_id = await a_family(bot)
    lively = await a_regular(bot, last_active_at=bot.now)
    quiet = await a_regular(bot)
    await bot.works(invite_due)
    await rooms.comes(chat_id, lively, quiet)
    async with bot.session() as session:
        (health,) = await group_chats.overview(session, bot.now)
    assert (health.kind, health.members, health.joined, health.invited) == ("benefit", 2, 2, 0)
    assert (health.active_share, health.word) == (0.5, "健康")


async def test_a_crowd_coming_at_once_is_all_seated_and_shown(bot):
    rooms, chat_id = await a_family(bot, capacity=200)
    for n in range(150):
        rooms.rooms[chat_id]["member_list"].append({"userid": f"wm{n}", "type": 2})
    await rooms._changed(chat_id, GroupMembersJoined)
    async with bot.session() as session:
        assert await session.scalar(select(func.count(GroupMember.id))) == 150
        assert await session.scalar(select(func.count(GuideTask.id))) == 150


async def test_the_invite_she_gets_carries_the_living_code(bot):
    await a_family(bot)
    customer = await a_regular(bot)
    async with bot.session() as session:
        await conversations.heard(
            session,
            bot.vault,
            customer_id=customer.id,
            channel="kf",
            address="wk1|wm1",
            text="在吗",
            key="m1",
            at=bot.now,
        )
    await bot.works(invite_due, deliver_due)
    (sent,) = [call for call in await bot.sends() if isinstance(call, SendKf)]
    assert "福利群" in sent.text
    async with bot.session() as session:
        leads_to = await links.targets(session, links.ADDRESS.findall(sent.text))
    assert "https://wework.qpic.cn/way1" in leads_to.values()


async def test_who_is_let_go_hears_until_when_she_may_stay(bot):
    rooms, chat_id = await a_family(bot)
    customer = await a_regular(bot)
    await rooms.comes(chat_id, customer)
    await moves_away(bot, customer)
    await bot.works(demote_due)
    async with bot.session() as session:
        touch = (await session.scalars(select(Touch))).one()
        facts = await group_chats.facts_of(session, [touch], bot.now)
    words = bot.content.render(touch.template, facts[touch.id])
    assert "3 月 19 日" in words


async def test_an_invite_that_could_not_go_is_withdrawn(bot):
    await a_family(bot)
    await a_regular(bot)
    await bot.works(invite_due)
    async with bot.session() as session:
        await session.execute(update(Touch).values(state="excluded", reason="brand_cap"))
    await bot.works(invite_due)
    assert await all_of(bot, Invite.state) == ["withdrawn"]


async def test_a_pause_calls_invites_back_from_guides_and_the_end_of_it_gives_them_out_again(bot):
    hands = Hands(bot)
    await a_family(bot)
    await a_regular(bot)
    await bot.works(invite_due)
    await at_the_next_slot(bot)
    assert len(hands.waiting) == 1
    told = await switch(bot, on=False)
    assert (told["taken_back"], told["at_guides"]) == (0, 1)
    await bot.sends()
    assert hands.waiting == []
    bot.clock.advance(minutes=2)
    await bot.works(results_due, invite_due)
    (touch,) = await all_of(bot, Touch)
    assert (touch.state, touch.reason) == ("cancelled", "group_paused")
    assert (await switch(bot, on=True))["invited_again"] == 1
    await at_the_next_slot(bot)
    hands.confirm()
    bot.clock.advance(minutes=15)
    await bot.works(results_due)
    assert len(hands.arrivals()) == 1
    assert await all_of(bot, Touch.state) == ["delivered"]


async def test_a_reminder_that_a_pause_took_back_is_given_out_again(bot):
    hands = Hands(bot)
    await a_family(bot)
    await a_regular(bot)
    await bot.works(invite_due)
    await at_the_next_slot(bot)
    hands.confirm()
    bot.clock.advance(minutes=15)
    await bot.works(results_due, invite_due)
    bot.clock.advance(days=8)
    await bot.works(invite_due)
    told = await switch(bot, on=False)
    assert told["taken_back"] == 0
    async with bot.session() as session:
        states = select(Touch.step, Touch.state, Touch.reason).order_by(Touch.id)
        _invite, again = (await session.execute(states)).all()
    assert tuple(again) == ("again:benefit", "cancelled", "group_paused")
    assert (await switch(bot, on=True))["invited_again"] == 1
    assert await all_of(bot, Touch.state) == ["delivered", "planned"]


async def at_the_next_slot(bot) -> None:
    for minutes in (0, 250):
        bot.clock.advance(minutes=minutes)
        await bot.works(deliver_due)
    await bot.sends()


async def switch(bot, *, on: bool) -> dict[str, Any]:
    admin = Actor(kind="admin", id="lin")
    command = SwitchGroup(at=bot.now, actor=admin, key=bot.key(), group="benefit", on=on)
    return await bot.does(command)


async def test_a_post_that_no_owner_has_tapped_is_taken_back_by_whoever_may_stop_it(bot):
    """Paused, all sending stopped, or no calendar any more: each takes back what waits, and nothing else."""
    texts = {"knowledge": ["rooms/washing"]}
    plan = {"weekdays": list(range(1, 8)), "at": "11:00", "mix": ["knowledge"], "texts": texts}
    await a_family(bot, plan=plan)
    hands = Hands(bot)
    signed = {"actor": Actor(kind="admin", id="lin"), "at": bot.now}
    acts = [
        SwitchGroup(**signed, key="1", group="benefit", on=False),
        SwitchSending(**signed, key="2", on=False, reason="试一试"),
        PublishGroupRule(**signed, key="3", group="benefit", rule={}, settings={"plan": None}),
    ]
    for act in acts:
        await bot.works(post_due)
        bot.clock.advance(hours=1)
        await bot.sends()
        assert len(hands.waiting) == 1, act
        await bot.does(act)
        await bot.sends()
        assert hands.waiting == []
        bot.clock.advance(minutes=5)
        await bot.works(results_due)
        await switch(bot, on=True)
        await bot.does(SwitchSending(**signed, key=f"{act.key}on", on=True, reason="好了"))
        bot.clock.advance(hours=23)
    async with bot.session() as session:
        states = list(await session.scalars(select(MassTask.state)))
    assert states == ["cancelled"] * 3
    assert await post_due(bot.work) == 0
