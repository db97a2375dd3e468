"""A moment from a draft to its likes: asked once, published by guides, called back before the night."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.calls import (
    AddMoment,
    CancelMoment,
    GetMomentComments,
    GetMomentJob,
    GetMomentReach,
    GetMomentTasks,
    Refused,
    SendAppText,
    Sent,
    Unclear,
)
from bot.domain.customers import Guide
from bot.domain.delivery import ShortLink
from bot.domain.moments import MomentPost, MomentTask
from bot.domain.refusals import Refusal
from bot.domain.tags import FollowTag, Tag, TagGroup
from bot.events import ApproveMoment, DraftMoment, StopMoment, SwitchSending
from bot.events.commands import Actor
from bot.outbound.moments import moments_due
from tests.builders import a_customer, a_follow, a_guide, a_store

BOSS, MATE = Actor(kind="owner", id="boss"), Actor(kind="admin", id="mate")
WORDS = "羊毛衫不用每次都洗：挂一晚上，味道自己就散了。"


class Feed:
    """WeCom's side of it: one moment, and who has published it."""

    def __init__(self, bot, **result) -> None:
        self.published: set[str] = set()
        self.asked: tuple[str, ...] = ()
        job = {"errcode": 0, "errmsg": "ok", "moment_id": "mom1"} | result
        platform = bot.platform
        platform.answers(AddMoment, self._add)
        platform.answers(GetMomentJob, Sent({"status": 3, "result": job}))
        platform.answers(GetMomentTasks, self._tasks)
        platform.answers(GetMomentReach, self._reach)
        likes = [{"external_userid": "wm1", "create_time": 1}, {"userid": "g1", "create_time": 2}]
        platform.answers(
            GetMomentComments, Sent({"like_list": likes, "comment_list": likes[:1] * 2})
        )

    def _add(self, call):
        self.asked = call.userids
        return Sent({"jobid": "job1"})

    def _tasks(self, _call):
        rows = [{"userid": u, "publish_status": int(u in self.published)} for u in self.asked]
        return Sent({"task_list": rows, "next_cursor": ""})

    def _reach(self, call):
        """Two pages of viewers."""
        more = call.cursor is None
        rows = [{"external_userid": f"wm{number}"} for number in range(2 if more else 1)]
        return Sent({"customer_list": rows, "next_cursor": "more" if more else ""})


async def a_crew(bot, *userids: str) -> list[int]:
    """Guides of S01 with two friends each; the first friend of each has the corp tag 喜好/羊毛."""
    ids = []
    async with bot.session() as session:
        store = await a_store(session, code="S01", name="湖滨店")
        group = TagGroup(name="喜好")
        session.add(group)
        await session.flush()
        tag = Tag(group_id=group.id, name="羊毛", corp_tag_id="et-wool")
        session.add(tag)
        await session.flush()
        for userid in userids:
            guide = await a_guide(session, userid=userid, name=userid, store_id=store.id)
            for number in range(2):
                tie = await a_follow(session, await a_customer(session), guide)
                if not number:
                    session.add(
                        FollowTag(follow_id=tie.id, tag_id=tag.id, state="marked", at=bot.now)
                    )
            ids.append(guide.id)
    return ids


def drafting(bot, **changes) -> DraftMoment:
    facts = {"actor": BOSS, "key": bot.key(), "at": bot.now, "text": WORDS}
    return DraftMoment(**(facts | changes))


async def approved(bot, by: Actor = BOSS, **changes) -> int:
    number = (await bot.does(drafting(bot, **changes)))["post_id"]
    await approves(bot, number, by=by)
    return number


async def approves(bot, number: int, *, by: Actor = BOSS, **said):
    command = ApproveMoment(actor=by, key=bot.key(), at=bot.now, post_id=number, **said)
    return await bot.does(command)


async def refused(bot, **changes) -> str:
    with pytest.raises(Refusal) as refusal:
        await bot.does(drafting(bot, **changes))
    return refusal.value.words


async def stops(bot, number: int) -> None:
    await bot.does(StopMoment(actor=BOSS, key=bot.key(), at=bot.now, post_id=number))


async def looks(bot, **later: float) -> None:
    """Time goes by, and the platform is asked."""
    bot.clock.advance(**(later or {"minutes": 11}))
    await bot.works(moments_due)
    await bot.sends()


async def seen(bot, number: int) -> tuple[str, str | None, list[str]]:
    async with bot.session() as session:
        post = await session.get_one(MomentPost, number)
        states = select(MomentTask.state).where(MomentTask.post_id == number)
        return post.state, post.reason, list(await session.scalars(states.order_by(MomentTask.id)))


async def test_guides_are_asked_reminded_and_counted_and_the_rest_is_called_back(bot):
    feed = Feed(bot)
    await a_crew(bot, "g1", "g2")
    number = await approved(bot, link_title="卡包", link_url="/h5")
    await bot.sends()
    (call,) = bot.platform.sent(AddMoment)
    assert (call.userids, call.tag_ids) == (("g1", "g2"), ())
    assert call.text.startswith(f"{WORDS}\n卡包：")
    await looks(bot)
    assert await seen(bot, number) == ("open", None, ["asked", "asked"])
    feed.published = {"g1"}
    await looks(bot)
    assert await seen(bot, number) == ("open", None, ["published", "asked"])
    await looks(bot, hours=2)
    assert [one.userids for one in bot.platform.sent(SendAppText)] == [("g2",)]
    await looks(bot, hours=8)  # past the hour by which guides must have tapped
    assert bot.platform.sent(CancelMoment) == [CancelMoment(moment_id="mom1")]
    await looks(bot)
    await looks(bot, hours=21)
    assert await seen(bot, number) == ("over", "expired", ["published", "expired"])
    async with bot.session() as session:
        first = (await session.scalars(select(MomentTask).order_by(MomentTask.id))).first()
        assert (first.seen, first.likes, first.comments) == (3, 1, 2)
        (link,) = await session.scalars(select(ShortLink))
    assert f"/l/{link.token}" in call.text
    counted = len(bot.platform.sent(GetMomentComments))
    await looks(bot, hours=3)  # once a day is enough
    assert len(bot.platform.sent(GetMomentComments)) == counted
    await looks(bot, days=9)
    bot.platform.performed.clear()
    await looks(bot, days=9)
    assert ((await seen(bot, number))[0], bot.platform.performed) == ("settled", [])


async def test_only_ties_that_wear_the_tag_count_and_go_out_by_its_corp_id(bot):
    Feed(bot, invalid_sender_list={"user_list": ["g2"]})
    await a_crew(bot, "g1", "g2", "g3")
    number = (await bot.does(drafting(bot, guides=("g1", "g2"), tags=("喜好/羊毛",))))["post_id"]
    told = await approves(bot, number, expected=2)
    assert (told["guides"], told["people"]) == (2, 2)
    await bot.sends()
    assert bot.platform.sent(AddMoment)[0].tag_ids == ("et-wool",)
    await looks(bot)
    assert await seen(bot, number) == ("open", None, ["asked", "refused"])
    assert "企业微信里没有「喜好/棉」" in await refused(bot, tags=("喜好/棉",))


async def test_only_a_leave_that_has_begun_by_then_leaves_her_out(bot):
    Feed(bot)
    later, gone = await a_crew(bot, "g1", "g2")
    async with bot.session() as session:
        on_leave = {"away_until": bot.now + timedelta(days=9)}
        for guide_id, begins in ((later, bot.now + timedelta(days=7)), (gone, bot.now)):
            leave = on_leave | {"away_from": begins}
            await session.execute(update(Guide).where(Guide.id == guide_id).values(leave))
    await approved(bot)
    await bot.sends()
    assert bot.platform.sent(AddMoment)[0].userids == ("g1",)


async def test_one_a_day_and_guide_and_a_stopped_one_gives_its_place_back(bot):
    Feed(bot)
    await a_crew(bot, "g1")
    number = await approved(bot)
    with pytest.raises(Refusal, match="empty_audience"):
        await approved(bot)
    await stops(bot, number)
    await bot.sends()
    assert bot.platform.sent(AddMoment) == []
    assert (await seen(bot, number))[:2] == ("cancelled", "stopped")
    number = await approved(bot)  # her place is free again
    await bot.sends()
    await stops(bot, number)  # while the platform is still making it
    await looks(bot)
    await looks(bot, minutes=1)
    assert bot.platform.sent(CancelMoment) == [CancelMoment(moment_id="mom1")]
    await looks(bot)
    assert await seen(bot, number) == ("over", "stopped", ["cancelled"])


async def test_the_kill_switch_holds_it_and_calls_back_what_waits(bot):
    Feed(bot)
    await a_crew(bot, "g1")
    first = await approved(bot)
    await bot.sends()
    await looks(bot)
    switch = {"actor": BOSS, "at": bot.now, "reason": "试"}
    await bot.does(SwitchSending(key=bot.key(), on=False, **switch))
    await bot.sends()
    assert len(bot.platform.sent(CancelMoment)) == 1
    await looks(bot)
    assert await seen(bot, first) == ("over", "kill_switch", ["cancelled"])
    second = await approved(bot)
    await bot.sends()
    assert await seen(bot, second) == ("refused", "kill_switch", ["refused"])
    await bot.does(SwitchSending(key=bot.key(), on=True, **switch))
    await bot.does(drafting(bot, post_id=second))
    await approves(bot, second)
    await bot.sends()
    assert len(bot.platform.sent(AddMoment)) == 2


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Unclear("timeout"), ("unknown", None, ["unknown"])),
        (Refused(40003, "no_such_guide"), ("refused", "no_such_guide", ["refused"])),
    ],
)
async def test_what_nobody_can_tell_is_never_made_twice(bot, outcome, state):
    Feed(bot)
    bot.platform.answers(AddMoment, outcome)
    await a_crew(bot, "g1")
    number = await approved(bot)
    await bot.sends()
    await looks(bot, days=2)
    assert await seen(bot, number) == state
    assert len(bot.platform.sent(AddMoment)) == 1


async def test_what_may_not_be_said_or_asked_is_refused_before_it_is_kept(bot, content):
    await a_crew(bot, "g1")
    evening = bot.now.replace(hour=13)  # 21:00 in the shop
    for changes, words in (
        ({"text": "转发到朋友圈有礼"}, "诱导"),
        ({"text": "{{ 称呼 }}，{{ tier }}会员日"}, "tier"),
        ({"text": "看" * 2001}, "2001 个字"),
        ({"text": ""}, "没有写要说的话"),
        ({"link_url": "/h5", "link_title": "长" * 22}, "66 字节"),
        ({"pictures": ("no.jpg",)}, "素材库里没有"),
        ({"starts_at": evening}, "03-13 09:00"),
    ):
        assert words in await refused(bot, **changes)
    brand = content.brand
    number = await approved(bot, text="{{ brand.name }}换季了")
    async with bot.session() as session:
        post = await session.get_one(MomentPost, number)
        assert bot.vault.unseal(post.text, about="moment_post.text") == f"{brand.name}换季了"
        assert post.expires_at - post.due_at < timedelta(hours=12)
