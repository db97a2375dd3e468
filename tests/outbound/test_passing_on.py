"""What a guide never confirmed is planned anew for another one of hers: once, and only what is surely unsent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.calls import GetMassTaskResult, ListMassTasks, Refused, TryLater
from bot.domain.campaigns import Campaign
from bot.domain.refusals import Refusal
from bot.events import MemberChanged
from bot.events.commands import Actor, ChangeGuide
from bot.store import explain, mailings
from bot.store.explain import HERE
from tests.builders import LONG_AGO, a_follow, a_guide
from tests.outbound.conftest import a_campaign, friends, looks, runs, states


@pytest.fixture
async def pair(bot):
    """A guide, another whom the first two of her three customers know too, and those customers."""
    async with bot.session() as session:
        first = await a_guide(session, name="王芳")
        second = await a_guide(session, name="李娜")
    _, made = await friends(bot, 3, guide=first)
    async with bot.session() as session:
        for customer in made[:2]:
            before = LONG_AGO - timedelta(days=1)
            await a_follow(session, customer, second, since=before)
    return first, second, made


async def evening(bot) -> None:
    """Nobody has tapped: what waits is called back."""
    bot.clock.advance(seconds=_until(bot, 20.6))
    await looks(bot)
    await looks(bot)


async def morning(bot) -> None:
    bot.clock.advance(seconds=_until(bot, 10))
    await runs(bot)


def _until(bot, hour: float) -> float:
    local = bot.now.astimezone(HERE)
    return (hour - local.hour - local.minute / 60) % 24 * 3600


async def test_what_was_never_confirmed_goes_to_another_guide_once(bot, hands, pair):
    first, second, made = pair
    await a_campaign(bot)
    await runs(bot)
    assert [(task.sender, len(task.ids)) for task in hands.waiting] == [(first.userid, 3)]
    await evening(bot)
    assert hands.waiting == []
    found = await states(bot)
    assert found.pop(made[2].id) == ("expired", "guide_never_confirmed")
    assert set(found.values()) == {("planned", None)}
    await morning(bot)
    assert [(task.sender, len(task.ids)) for task in hands.waiting] == [(second.userid, 2)]
    await evening(bot)
    await morning(bot)
    assert len(hands.tasks) == 2
    assert set((await states(bot)).values()) == {("expired", "guide_never_confirmed")}


async def test_it_is_told_from_whom_to_whom_it_went_and_why(bot, hands, pair):
    campaign = await a_campaign(bot)
    await runs(bot)
    await evening(bot)
    await morning(bot)
    hands.confirm()
    await looks(bot)
    async with bot.session() as session:
        (told,) = (await explain.explain(session, bot.vault, pair[2][0].id)).told
        steps = await mailings.steps(session, campaign.id)
    assert (told.state, told.guide, told.first_guide) == ("delivered", "李娜", "王芳")
    assert "先交给导购 王芳（她一直没有确认，换一位导购发） 03-" in told.in_words()
    assert told.first_ended == "expired"
    assert steps == (3, 2, 2, 2)


async def test_a_campaign_that_ends_before_the_morning_passes_nothing_on(bot, hands, pair):
    campaign = await a_campaign(bot)
    async with bot.session() as session:
        found = await session.get(Campaign, campaign.id)
        found.ends_at = bot.now + timedelta(hours=20)
    await runs(bot)
    await evening(bot)
    assert set((await states(bot)).values()) == {("expired", "guide_never_confirmed")}


async def test_whom_a_confirmed_task_did_not_reach_nobody_else_writes_to(bot, hands, pair):
    await a_campaign(bot)
    await runs(bot)
    hands.confirm(**{hands.waiting[0].ids[0]: 0})
    await looks(bot)
    await evening(bot)
    await morning(bot)
    assert len(hands.tasks) == 1
    assert sorted((await states(bot)).values()) == [
        ("delivered", None),
        ("delivered", None),
        ("expired", "guide_never_confirmed"),
    ]


async def test_what_nobody_can_tell_about_is_never_passed_on(bot, hands, pair):
    await a_campaign(bot)
    hands.lose_answers = True
    await runs(bot)
    bot.platform.answers(ListMassTasks, TryLater(reason="unreachable"))
    await bot.receives(MemberChanged(at=bot.now, userid=pair[0].userid, change="delete_user"))
    for _ in range(4):
        await looks(bot, hours=11)
    assert len(hands.tasks) == 1
    assert set((await states(bot)).values()) == {("unknown", "unknown")}


async def test_whom_the_platform_does_not_name_nobody_else_writes_to(bot, hands, pair):
    await a_campaign(bot)
    await runs(bot)
    bot.platform.answers(GetMassTaskResult, Refused(40003, "no_such_guide"))
    await evening(bot)
    await morning(bot)
    assert len(hands.tasks) == 1
    assert set((await states(bot)).values()) == {("expired", "guide_never_confirmed")}


async def test_a_guide_who_leaves_passes_on_what_waited_for_her_tap(bot, hands, pair):
    first, second, made = pair
    await a_campaign(bot)
    await runs(bot)
    await bot.receives(MemberChanged(at=bot.now, userid=first.userid, change="delete_user"))
    assert set((await states(bot)).values()) == {("handed_over", None)}, (
        "the platform must agree first"
    )
    await bot.sends()
    await looks(bot)
    assert [(task.sender, task.cancelled) for task in hands.tasks.values()] == [
        (first.userid, True),
        (second.userid, False),
    ]
    assert (await states(bot))[made[2].id] == ("cancelled", "guide_left")
    hands.confirm()
    await looks(bot)
    assert len(hands.arrivals()) == 2


async def test_what_was_tapped_while_it_was_called_back_is_not_written_twice(bot, hands, pair):
    await a_campaign(bot)
    await runs(bot)
    hands.confirm()
    await bot.receives(MemberChanged(at=bot.now, userid=pair[0].userid, change="delete_user"))
    await bot.sends()
    await looks(bot)
    await morning(bot)
    assert len(hands.tasks) == 1
    assert set((await states(bot)).values()) == {("delivered", None)}


def changes(bot, guide, kind="operator", **said) -> ChangeGuide:
    who = guide.userid if kind == "guide" else "boss"
    store = said.pop("store", None)
    actor = Actor(kind=kind, id=who, store=store)
    return ChangeGuide(at=bot.now, actor=actor, key=bot.key(), guide_id=guide.id, **said)


async def test_who_goes_on_leave_passes_on_what_waited_for_her_tap(bot, hands, pair):
    first, second, made = pair
    await a_campaign(bot)
    await runs(bot)
    tomorrow = bot.now + timedelta(days=1)
    told = await bot.does(changes(bot, first, "guide", away_until=tomorrow))
    assert (told["called_back"], told["away_until"]) == (1, tomorrow.isoformat())
    await bot.sends()
    await looks(bot)
    assert [(task.sender, task.cancelled) for task in hands.tasks.values()] == [
        (first.userid, True),
        (second.userid, False),
    ]
    assert (await states(bot))[made[2].id] == ("cancelled", "guide_away")


async def test_a_leave_to_come_takes_nothing_back_before_it_begins_and_can_be_taken_back(
    bot, hands, pair
):
    first = pair[0]
    await a_campaign(bot)
    await runs(bot)
    days = {"away_from": bot.now + timedelta(hours=2), "away_until": bot.now + timedelta(days=2)}
    assert (await bot.does(changes(bot, first, **days)))["called_back"] == 0
    assert (await bot.does(changes(bot, first, back=True)))["away_until"] is None
    await looks(bot, hours=3)
    assert len(hands.waiting) == 1
    await bot.does(changes(bot, first, **(days | {"away_from": bot.now + timedelta(hours=1)})))
    await looks(bot, hours=1)
    assert hands.waiting == [] or hands.waiting[0].sender != first.userid


@pytest.mark.parametrize(
    ("kind", "said", "reason"),
    [
        ("guide", {"duty": "manager"}, "forbidden"),
        ("owner", {"duty": "queen"}, "bad_duty"),
        ("manager", {"back": True, "store": "S9"}, "no_such_guide"),
        ("owner", {"away_until": LONG_AGO}, "bad_leave"),
        ("clerk", {"back": True}, "forbidden"),
    ],
)
async def test_what_nobody_may_say_of_a_guide(bot, pair, kind, said, reason):
    with pytest.raises(Refusal) as refusal:
        await bot.does(changes(bot, pair[0], kind, **said))
    assert refusal.value.reason == reason
