"""Group chats worth staying in, each tactic by its number."""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import select

from bot.calls import CreateMassTask
from bot.domain.campaigns import MassTask
from bot.domain.delivery import GuideTask
from bot.events import Actor, FinishGuideTask
from bot.outbound.games import end_due
from bot.outbound.group_posts import post_due
from bot.outbound.groups import demote_due
from bot.outbound.results import results_due
from bot.store import group_chats, tags
from tests.outbound.test_groups import FAMILY
from tests.stories.life import Her, friends, hires, somebody, taps, until, writes

TEXTS = {"knowledge": ["rooms/fabric"], "benefit": ["rooms/benefit"], "play": ["rooms/vote"]}


async def a_family(town, **changes) -> str:
    """A published family and its first room."""
    await hires(town, "owner", name="群主")
    async with town.session() as session:
        await group_chats.publish_rules(session, {"groups": [FAMILY | changes]}, town.now)
    room = await town.act("create_group", owner="owner", name="青禾福利群 1")
    await town.sends()
    return room["chat_id"]


def a_plan(*mix: str) -> dict:
    return {"weekdays": [1, 2, 3, 4, 5, 6, 7], "at": "10:30", "mix": mix, "texts": TEXTS}


async def posts(bot) -> list[tuple[str | None, str, str | None]]:
    async with bot.session() as session:
        rows = await session.scalars(select(MassTask).order_by(MassTask.id))
        return [(task.sort, task.state, task.cancel_reason) for task in rows]


async def a_day(town) -> None:
    """The plan is made, the owner is asked at its hour and confirms, and the platform is asked what came of it."""
    await town.works(post_due, post_due)
    await town.waits(minutes=10)
    await town.sends()
    await taps(town)
    await town.waits(minutes=15)
    await town.works(results_due)
    await town.waits(hours=23, minutes=35)


async def test_tactic_044_who_lost_her_place_is_told_and_spared_before_anybody_asks_for_it(town):
    await a_family(town)
    _, (member,) = await friends(town, 1, region="上海")
    _, (stranger,) = await friends(town, 1, region="北京")
    for one in (member, stranger):
        await town.act("join_group", customer=one.external_userid, join_way="grp.benefit")
    await town.sends()
    member, stranger = member.customer, stranger.customer
    assert [task.customer_id for task in await tasks(town)] == [stranger.id]  # the code leaked
    async with town.session() as session:
        (await session.merge(member)).region = "北京"
    await town.works(demote_due)
    assert len(await tasks(town)) == 1  # told, and left in peace for the days of grace
    await town.waits(days=FAMILY["grace_days"], hours=1)
    await town.works(demote_due, demote_due)
    assert {task.customer_id for task in await tasks(town)} == {member.id, stranger.id}


async def tasks(bot) -> list[GuideTask]:
    async with bot.session() as session:
        found = select(GuideTask).where(GuideTask.kind == "group_remove").order_by(GuideTask.id)
        return list(await session.scalars(found))


async def test_tactic_045_dry_goods_benefits_and_games_come_by_turns_when_the_owner_taps(town):
    chat_id = await a_family(town, plan=a_plan("knowledge", "benefit", "play"))
    for _ in range(4):
        await a_day(town)
    assert await posts(town) == [
        (sort, "settled", None) for sort in ("knowledge", "benefit", "play", "knowledge")
    ]
    assert len(town.world.groups[chat_id].messages) == 4
    sent = town.platform.sent(CreateMassTask)
    assert {(call.sender, call.chat_ids, call.external_userids) for call in sent} == {
        ("owner", (chat_id,), ())
    }


async def test_tactic_045_a_third_promotion_in_a_row_is_held_and_says_why(town):
    await a_family(town, plan=a_plan("benefit", "benefit", "benefit", "play"))
    for _ in range(5):
        await a_day(town)
    assert [state for _, state, _ in await posts(town)] == [
        "settled",
        "settled",
        "held",
        "settled",
        "settled",
    ]
    assert (await posts(town))[2] == ("benefit", "held", "third_promotion")
    assert len(town.platform.sent(CreateMassTask)) == 4


async def test_tactic_045_what_no_owner_taps_is_called_back_before_the_night(town):
    await a_family(town, plan=a_plan("knowledge"))
    await town.works(post_due)
    await town.waits(minutes=10)
    await town.sends()
    await town.waits(hours=11)
    await town.works(results_due)
    await town.sends()
    assert [state for _, state, _ in await posts(town)] == ["cancelling"]


async def reads(bot, her: Her, text: str, menu_id: str | None = None) -> str:
    return "\n".join(call.text for call in await writes(bot, her, text, menu_id))


async def test_tactic_057_a_vote_counts_everybody_once_and_tags_whoever_lets_it(town):
    knits, again, shy = [await somebody(town, name) for name in ("a", "b", "c")]
    for one in (knits, again):
        await agrees_to_profiling(town, one)
    (asked,) = await writes(town, knits, "投票")
    tap = next(item.id for item in asked.menu if item.text == "针织")
    for one in (knits, again, shy):
        await writes(town, one, "针织", tap)
    said = await reads(town, again, "投票 亚麻")
    assert "针织 3 票" in said
    assert "编号" not in said  # a game's own words are no complaint
    assert [await worn(town, one) for one in (knits, shy)] == [{"兴趣/羊毛针织"}, set()]


async def agrees_to_profiling(bot, her: Her) -> None:
    await writes(bot, her, "开启个性化")


async def worn(bot, her: Her) -> set[str]:
    async with bot.session() as session:
        return {one.tag for one in await tags.worn(session, her.customer.id, bot.now)}


async def test_tactic_047_a_weekly_draw_that_anybody_can_recompute(town):
    crowd = [await somebody(town, f"p{n}") for n in range(4)]
    told = [await reads(town, one, "抽奖") for one in crowd]
    assert await reads(town, crowd[0], "抽奖") == told[0]  # one ticket a person and week
    (published,) = {re.search(r"[0-9a-f]{64}", text).group() for text in told}
    await town.works(end_due)
    assert "还没有开过奖" in await reads(town, crowd[0], "抽奖 结果")
    await until(town, 2026, 3, 16)  # Monday
    await town.works(end_due, end_due)
    proof = await reads(town, crowd[0], "抽奖 结果")
    seed = re.search(r"种子：(\S+)", proof).group(1)
    assert hashlib.sha256(seed.encode()).hexdigest() == published
    tickets = [re.search(r"抽奖号：(\S+?)（", text).group(1) for text in told]
    lowest = sorted(tickets, key=lambda t: hashlib.sha256(f"{seed}:{t}".encode()).hexdigest())
    assert "中奖号：" + "、".join(lowest[:3]) in proof
    prizes = [len(await one.coupons("weekly-draw")) for one in crowd]
    assert prizes == [int(ticket in lowest[:3]) for ticket in tickets]


async def test_tactic_046_a_chain_of_twenty_with_one_held_goes_to_the_group(town):
    chat_id = await a_family(town)
    crowd = [await somebody(town, f"p{n}") for n in range(20)]
    said = [f"接龙 第 {n} 条经验" for n in range(19)] + ["接龙 羊毛洗前先翻面，加我微信聊"]
    await town.acts(
        *(
            {"act": "say_kf", "customer": one.external_userid, "text": text}
            for one, text in zip(crowd, said, strict=True)
        )
    )
    assert "已经接过" in await reads(town, crowd[0], "接龙 再来一条")
    await until(town, 2026, 3, 16, hour=9, minute=40)
    await town.works(end_due)
    await town.sends()
    (post,) = town.platform.sent(CreateMassTask)
    assert post.chat_ids == (chat_id,)
    assert "有 19 条" in post.text
    assert "加我微信" not in post.text


async def test_tactic_046_a_person_who_has_read_it_lets_it_out(town):
    await a_family(town)
    her = await somebody(town)
    assert "同事看一眼" in await reads(town, her, "接龙 扫码就好")
    async with town.session() as session:
        asked = select(GuideTask).where(GuideTask.kind == "game_review")
        task = (await session.scalars(asked)).one()
    owner = Actor(kind="guide", id="owner")
    await town.does(FinishGuideTask(at=town.now, actor=owner, key="k", task_id=task.id, done=True))
    await until(town, 2026, 3, 16, hour=9, minute=40)
    await town.works(end_due)
    await town.sends()
    (post,) = town.platform.sent(CreateMassTask)
    assert "1. 扫码就好" in post.text


async def test_tactic_091_one_question_at_a_time_and_none_whose_answer_is_known(town):
    her = await somebody(town)
    assert "开启个性化" in await reads(town, her, "小问卷")  # not asked before she lets us know it
    await agrees_to_profiling(town, her)
    (first,) = await writes(town, her, "小问卷")
    (second,) = await writes(town, her, "通勤", first.menu[0].id)
    assert {item.id.split(":")[2] for item in first.menu} == {"style"}
    assert {item.id.split(":")[2] for item in second.menu} == {"category"}
    async with town.session() as session:
        await tags.put(
            session,
            customer_id=her.customer.id,
            tag="兴趣/衬衫",
            source="purchase",
            evidence={},
            now=town.now,
        )
    assert "答过的不会再问" in await reads(town, her, "小问卷")
    assert await worn(town, her) == {"风格/通勤", "兴趣/衬衫"}


async def test_checking_in_counts_days_in_a_row(town):
    her = await somebody(town)
    said = []
    for _ in range(3):
        said.append(await reads(town, her, "打卡"))
        await town.waits(days=1)
    await town.waits(days=1)
    assert ["连续 3 天" in said[2], "连续 1 天" in await reads(town, her, "签到")] == [True, True]
