"""Group chats worth staying in, each tactic by its number."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.calls import CreateMassTask
from bot.domain.campaigns import MassTask
from bot.domain.delivery import GuideTask
from bot.outbound.group_posts import post_due
from bot.outbound.groups import demote_due
from bot.outbound.results import results_due
from bot.store import group_chats
from tests.builders import a_guide
from tests.hands import Hands
from tests.outbound.test_groups import FAMILY, Rooms, a_regular

TEXTS = {"knowledge": ["rooms/fabric"], "benefit": ["rooms/benefit"], "play": ["rooms/vote"]}


async def a_family(bot, **changes) -> tuple[Rooms, str]:
    """A published family and its first room."""
    async with bot.session() as session:
        await a_guide(session, userid="owner", name="群主")
        file = {"groups": [FAMILY | changes]}
        await group_chats.publish_rules(session, file, bot.now)
    rooms = Rooms(bot)
    return rooms, await rooms.opens("青禾福利群 1", "owner")


def a_plan(*mix: str) -> dict:
    return {"weekdays": [1, 2, 3, 4, 5, 6, 7], "at": "10:30", "mix": mix, "texts": TEXTS}


async def posts(bot) -> list[tuple[str | None, str, str | None]]:
    async with bot.session() as session:
        rows = await session.scalars(select(MassTask).order_by(MassTask.id))
        return [(task.sort, task.state, task.cancel_reason) for task in rows]


async def a_day(bot, hands: Hands) -> None:
    """The plan is made, the owner is asked at its hour and confirms, and the platform is asked what came of it."""
    await bot.works(post_due, post_due)
    bot.clock.advance(minutes=10)
    await bot.sends()
    hands.confirm()
    bot.clock.advance(minutes=15)
    await bot.works(results_due)
    bot.clock.advance(hours=23, minutes=35)


async def test_tactic_044_who_lost_her_place_is_told_and_spared_before_anybody_asks_for_it(town):
    rooms, chat_id = await a_family(town)
    member, stranger = await a_regular(town), await a_regular(town, region="北京")
    await rooms.comes(chat_id, member, stranger)
    assert [task.customer_id for task in await tasks(town)] == [stranger.id]  # the code leaked
    async with town.session() as session:
        (await session.merge(member)).region = "北京"
    await town.works(demote_due)
    assert len(await tasks(town)) == 1  # told, and left in peace for the days of grace
    town.clock.advance(days=FAMILY["grace_days"], hours=1)
    await town.works(demote_due, demote_due)
    assert {task.customer_id for task in await tasks(town)} == {member.id, stranger.id}


async def tasks(bot) -> list[GuideTask]:
    async with bot.session() as session:
        found = select(GuideTask).where(GuideTask.kind == "group_remove").order_by(GuideTask.id)
        return list(await session.scalars(found))


async def test_tactic_045_dry_goods_benefits_and_games_come_by_turns_when_the_owner_taps(town):
    hands = Hands(town)
    await a_family(town, plan=a_plan("knowledge", "benefit", "play"))
    for _ in range(4):
        await a_day(town, hands)
    assert await posts(town) == [
        (sort, "settled", None) for sort in ("knowledge", "benefit", "play", "knowledge")
    ]
    sent = town.platform.sent(CreateMassTask)
    assert {(call.sender, call.chat_ids, call.external_userids) for call in sent} == {
        ("owner", ("wr1",), ())
    }


async def test_tactic_045_a_third_promotion_in_a_row_is_held_and_says_why(town):
    hands = Hands(town)
    await a_family(town, plan=a_plan("benefit", "benefit", "benefit", "play"))
    for _ in range(5):
        await a_day(town, hands)
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
    Hands(town)
    await a_family(town, plan=a_plan("knowledge"))
    await town.works(post_due)
    town.clock.advance(minutes=10)
    await town.sends()
    town.clock.advance(seconds=timedelta(hours=11).total_seconds())
    await town.works(results_due)
    await town.sends()
    assert [state for _, state, _ in await posts(town)] == ["cancelling"]
