"""Lost answers, reminders, switches: what happens between handing over and arriving."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.calls import CreateMassTask, ListMassTasks, RemindMassTask, TryLater
from bot.domain.campaigns import MassTask
from bot.events.commands import Actor, PauseCampaign, ResumeCampaign, StopCampaign, SwitchSending
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.outbound.reminders import remind_due
from bot.outbound.results import outside_due, results_due
from bot.store import customers, switches
from tests.hands import Task
from tests.outbound.conftest import a_campaign, friends, looks, runs, states

OWNER = Actor(kind="owner", id="boss")


async def test_a_lost_answer_is_looked_for_and_found(bot, hands):
    await friends(bot, 3)
    await a_campaign(bot)
    hands.lose_answers = True
    await runs(bot)
    assert {state for state, _ in (await states(bot)).values()} == {"queued"}
    await looks(bot)
    assert len(bot.platform.sent(CreateMassTask)) == 1
    hands.confirm()
    await looks(bot)
    assert {state for state, _ in (await states(bot)).values()} == {"delivered"}


async def test_what_never_arrived_is_made_anew_once_the_platform_says_so(bot, hands):
    await friends(bot, 2)
    await a_campaign(bot)
    hands.never_arrive = True
    await runs(bot)
    hands.never_arrive = False
    bot.clock.advance(minutes=3)
    await bot.works(results_due)
    await bot.sends()
    assert hands.tasks == {}, "its list may lag: not yet"
    await looks(bot)
    assert len(hands.waiting) == 1
    assert len(bot.platform.sent(CreateMassTask)) == 2


async def test_another_task_with_the_same_words_is_not_taken_for_ours(bot, hands):
    guide, _ = await friends(bot, 2)
    await a_campaign(bot)
    hands.never_arrive = True
    await runs(bot)
    hands.never_arrive = False
    text = bot.platform.sent(CreateMassTask)[0].text
    stranger = Task(guide.userid, text, ("wmstranger",), int(bot.now.timestamp()))
    hands.tasks["msgstranger"] = stranger
    await looks(bot)
    assert len(hands.waiting) == 2


async def test_two_lost_answers_with_the_same_words_are_told_apart(bot, hands):
    await friends(bot, 2)
    await friends(bot, 3)
    await a_campaign(bot)
    hands.lose_answers = True
    await runs(bot)
    await looks(bot)
    await looks(bot)
    assert len(bot.platform.sent(CreateMassTask)) == 2
    hands.confirm()
    await looks(bot)
    assert len(hands.arrivals()) == 5
    assert {state for state, _ in (await states(bot)).values()} == {"delivered"}


async def test_what_nobody_can_tell_stays_unknown_and_is_not_repeated(bot, hands):
    await friends(bot, 1)
    await a_campaign(bot)
    hands.lose_answers = True
    await runs(bot)
    bot.platform.answers(ListMassTasks, TryLater(reason="unreachable"))
    for _ in range(4):
        await looks(bot, hours=11)
    assert len(bot.platform.sent(CreateMassTask)) == 1
    assert set((await states(bot)).values()) == {("unknown", "unknown")}


async def test_a_guide_is_reminded_seldom_and_at_most_three_times(bot, hands):
    await friends(bot, 1)
    await a_campaign(bot)
    await runs(bot)
    for _ in range(40):
        bot.clock.advance(minutes=15)
        await bot.works(remind_due)
        await bot.sends()
    assert len(bot.platform.sent(RemindMassTask)) == 3


async def test_the_kill_switch_stops_everything_and_its_release_goes_on(bot, hands):
    await friends(bot, 2)
    await a_campaign(bot)
    await runs(bot)
    await a_campaign(bot, purpose="service")
    switch = {"actor": OWNER, "at": bot.now, "reason": "写错了价格"}
    answer = await bot.does(SwitchSending(on=False, key=bot.key(), **switch))
    assert answer == {"sending": False, "called_back": 1}
    await runs(bot)
    await looks(bot)
    assert hands.waiting == []
    assert len(hands.tasks) == 1
    await bot.does(SwitchSending(on=True, key=bot.key(), **switch))
    await runs(bot)
    assert sorted(len(task.ids) for task in hands.waiting) == [2, 2]


async def test_a_debt_meets_the_switch_right_before_the_call(bot, hands):
    await friends(bot, 2)
    await a_campaign(bot)
    await bot.works(plan_due, deliver_due)
    async with bot.session() as session:
        await switches.turn(
            session, switches.SENDING, on=False, reason="-", by="test", now=bot.now
        )
    assert await bot.sends() == []
    assert {state for state, _ in (await states(bot)).values()} == {"planned"}


async def test_pause_takes_back_and_resume_loses_and_doubles_nobody(bot, hands):
    await friends(bot, 5)
    campaign = await a_campaign(bot)
    await runs(bot)
    act = {"actor": OWNER, "at": bot.now, "campaign_id": campaign.id}
    await bot.does(PauseCampaign(key=bot.key(), **act))
    await looks(bot)
    assert hands.waiting == []
    await bot.does(ResumeCampaign(key=bot.key(), **act))
    await runs(bot)
    hands.confirm()
    await looks(bot)
    assert len(hands.arrivals()) == len(set(hands.arrivals())) == 5


async def test_a_stopped_campaign_reaches_nobody_any_more(bot, hands):
    await friends(bot, 3)
    campaign = await a_campaign(bot)
    await runs(bot)
    await bot.does(StopCampaign(actor=OWNER, at=bot.now, key=bot.key(), campaign_id=campaign.id))
    await looks(bot)
    await runs(bot)
    assert hands.waiting == []
    assert set((await states(bot)).values()) == {("cancelled", "stopped")}


async def test_asking_becomes_seldom(bot, hands):
    await friends(bot, 1)
    await a_campaign(bot)
    await runs(bot)
    waits = []
    for _ in range(8):
        async with bot.session() as session:
            task = (await session.scalars(select(MassTask))).one()
        waits.append(task.check_at - bot.now)
        bot.clock.move_to(task.check_at)
        await bot.works(results_due)
    assert waits[0] == timedelta(minutes=10)
    assert waits[-1] > timedelta(minutes=15)


async def test_what_a_guide_sent_by_herself_uses_up_the_quota(bot, hands):
    guide, made = await friends(bot, 1)
    async with bot.session() as session:
        (tie,) = await customers.follows_of(session, made[0].id)
    address = tie.external_userid
    for number in range(31):
        at = int(bot.now.timestamp()) - number
        own = Task(guide.userid, f"早安 {number}", (address,), at, {address: 1}, at)
        hands.tasks[f"own{number}"] = own
    await bot.works(outside_due)
    campaign = await a_campaign(bot)
    await runs(bot)
    assert set((await states(bot, campaign)).values()) == {("excluded", "platform_quota")}


async def test_whom_a_task_could_not_reach_because_she_left_is_no_friend_any_more(bot, hands):
    _, (stays, leaves) = await friends(bot, 2)
    await a_campaign(bot)
    await runs(bot)
    async with bot.session() as session:
        (tie,) = await customers.follows_of(session, leaves.id)
    hands.confirm(**{tie.external_userid: 2})
    await looks(bot)
    async with bot.session() as session:
        assert await customers.follows_of(session, leaves.id) == []
        assert len(await customers.follows_of(session, stays.id)) == 1
