"""A campaign from its plan to the customer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.calls import CreateMassTask, ImageCard, LinkCard
from bot.domain.quotas import read_limits
from bot.domain.refusals import Refusal
from bot.events.commands import Actor, DraftCampaign, PutFirst
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.store import campaigns
from tests.outbound.conftest import EVERYBODY, a_campaign, agrees, friends, looks, runs, states

BOSS = Actor(kind="owner", id="boss")


async def test_one_text_of_one_guide_becomes_one_task(bot, hands):
    guide, _ = await friends(bot, 3)
    campaign = await a_campaign(bot)
    await runs(bot)
    (task,) = hands.waiting
    assert task.sender == guide.userid
    assert len(task.ids) == 3
    assert "春装到店" in task.text
    assert set((await states(bot, campaign)).values()) == {("handed_over", None)}


async def test_what_hangs_on_a_campaign_goes_with_what_guides_send(bot, hands):
    await friends(bot, 2)
    link = {"kind": "link", "title": "春装", "url": "https://shop.example/spring"}
    await a_campaign(bot, attachments=[link, {"kind": "image", "media": "spring.jpg"}])
    await runs(bot)
    (call,) = bot.platform.sent(CreateMassTask)
    assert call.attachments == (
        LinkCard(title="春装", url="https://shop.example/spring"),
        ImageCard(media="spring.jpg"),
    )


@pytest.mark.parametrize(
    ("hung", "reason"),
    [
        ({"kind": "image", "media": "nowhere.jpg"}, "bad_media"),
        ({"kind": "file", "media": "../offers.yaml"}, "bad_media"),
        ({"kind": "link", "title": "看看", "url": "javascript:alert(1)"}, "bad_link"),
        ({"kind": "link", "title": "全网最低价", "url": "https://x.example"}, "bad_words"),
        ({"kind": "voice", "media": "a.amr"}, "bad_attachment"),
    ],
)
async def test_what_cannot_hang_on_a_campaign_is_refused(bot, hung, reason):
    about = {"name": "春装", "text": "春装到店", "segment": EVERYBODY, "attachments": (hung,)}
    with pytest.raises(Refusal) as refusal:
        await bot.does(DraftCampaign(at=bot.now, actor=BOSS, key=bot.key(), **about))
    assert refusal.value.reason == reason


async def test_what_no_way_of_its_words_carries_is_refused_when_it_is_written(bot):
    links = ({"kind": "link", "title": "看看", "url": "/h5", "media": ""},) * 5
    asked = {"name": "春装", "segment": EVERYBODY, "attachments": links}
    only = next(n for n, t in bot.content.templates.items() if t.channels == ("official",))
    with pytest.raises(Refusal) as refusal:
        await bot.does(
            DraftCampaign(at=bot.now, actor=BOSS, key=bot.key(), template=only, **asked)
        )
    assert refusal.value.reason == "not_carried"


async def test_only_the_guides_tap_makes_it_delivered(bot, hands):
    await friends(bot, 3)
    await a_campaign(bot)
    await runs(bot)
    await looks(bot)
    assert {state for state, _ in (await states(bot)).values()} == {"handed_over"}
    gone, full = hands.waiting[0].ids[:2]
    hands.confirm(**{gone: 2, full: 3})
    await looks(bot)
    assert Counter(state for state, _ in (await states(bot)).values()) == {
        "delivered": 1,
        "not_friend": 1,
        "over_quota": 1,
    }


async def test_the_dry_run_tells_what_happens(bot, hands):
    guide, _ = await friends(bot, 40)
    await friends(bot, 5, agree=False, guide=guide)
    await friends(bot, 3, guide=guide, marketing_held=True)
    campaign = await a_campaign(bot, holdout_percent=20)
    async with bot.session() as session:
        receipt = await campaigns.dry_run(
            session, bot.vault, campaign, limits=read_limits(bot.content.limits), now=bot.now
        )
    assert receipt.excluded == {"no_consent": 5, "case_open": 3}
    assert receipt.planned + receipt.holdout == 40
    await runs(bot)
    happened = Counter(state for state, _ in (await states(bot, campaign)).values())
    assert happened == {
        "handed_over": receipt.planned,
        "holdout": receipt.holdout,
        "excluded": 8,
    }
    assert sum(len(task.ids) for task in hands.waiting) == receipt.planned
    assert receipt.by_guide == {guide.userid: receipt.planned}


async def test_planning_twice_plans_once(bot, hands):
    await friends(bot, 3)
    campaign = await a_campaign(bot)
    await bot.works(plan_due)
    async with bot.session() as session:
        await campaigns.move(session, campaign.id, expected=("running",), planned_at=None)
    await bot.works(plan_due, deliver_due, deliver_due)
    await bot.sends()
    assert len(bot.platform.sent(CreateMassTask)) == 1
    assert len(await states(bot)) == 3


async def test_caps_are_counted_across_campaigns(bot, hands):
    await friends(bot, 2)
    first, second = await a_campaign(bot), await a_campaign(bot)
    await runs(bot)
    assert set((await states(bot, first)).values()) == {("handed_over", None)}
    assert set((await states(bot, second)).values()) == {("excluded", "clash")}
    hands.confirm()
    await looks(bot)
    bot.clock.advance(days=3)
    third = await a_campaign(bot)
    await runs(bot)
    assert set((await states(bot, third)).values()) == {("excluded", "brand_cap")}
    bot.clock.advance(days=4, hours=1)
    fourth = await a_campaign(bot)
    await runs(bot)
    assert set((await states(bot, fourth)).values()) == {("handed_over", None)}


async def test_an_opt_out_between_plan_and_hand_over_is_kept(bot, hands):
    _, made = await friends(bot, 2)
    await a_campaign(bot)
    await bot.works(plan_due)
    async with bot.session() as session:
        await agrees(session, made[0], bot.now, action="withdraw")
    await bot.works(deliver_due)
    await bot.sends()
    found = await states(bot)
    assert found[made[0].id] == ("cancelled", "opted_out")
    assert found[made[1].id][0] == "handed_over"
    assert len(hands.waiting[0].ids) == 1


async def test_an_opt_out_between_debt_and_call_makes_a_smaller_task(bot, hands):
    _, made = await friends(bot, 2)
    await a_campaign(bot)
    await bot.works(plan_due, deliver_due)
    async with bot.session() as session:
        await agrees(session, made[0], bot.now, action="withdraw")
    await bot.sends()
    await bot.works(deliver_due)
    await bot.sends()
    assert [len(task.ids) for task in hands.waiting] == [1]
    assert (await states(bot))[made[0].id] == ("cancelled", "opted_out")


async def test_an_opt_out_calls_a_waiting_task_back_and_spares_the_others(bot, hands):
    _, made = await friends(bot, 3)
    await a_campaign(bot)
    await runs(bot)
    async with bot.session() as session:
        await agrees(session, made[0], bot.now, action="withdraw")
    await looks(bot, seconds=30)
    assert [task.cancelled for task in hands.tasks.values()] == [True, False]
    assert len(hands.waiting[0].ids) == 2
    hands.confirm()
    await looks(bot)
    found = await states(bot)
    assert found.pop(made[0].id) == ("cancelled", "opted_out")
    assert {state for state, _ in found.values()} == {"delivered"}


async def test_who_was_reached_before_the_task_came_back_is_never_written_to_again(bot, hands):
    _, made = await friends(bot, 2)
    await a_campaign(bot)
    await runs(bot)
    hands.confirm()
    async with bot.session() as session:
        await agrees(session, made[0], bot.now, action="withdraw")
    await looks(bot, seconds=30)
    assert len(hands.tasks) == 1
    assert {state for state, _ in (await states(bot)).values()} == {"delivered"}


async def test_nobody_is_handed_over_at_night(bot, hands):
    await friends(bot, 2)
    bot.clock.advance(hours=11)
    await a_campaign(bot)
    await runs(bot)
    assert hands.tasks == {}
    bot.clock.advance(hours=11, minutes=40)
    await runs(bot)
    assert len(hands.waiting) == 1


async def test_a_task_nobody_confirmed_is_called_back_before_the_night(bot, hands):
    await friends(bot, 2)
    await a_campaign(bot)
    await runs(bot)
    bot.clock.advance(hours=10, minutes=7)
    await looks(bot)
    await looks(bot)
    assert hands.waiting == []
    hands.confirm()
    await looks(bot)
    assert hands.arrivals() == []
    assert set((await states(bot)).values()) == {("expired", "guide_never_confirmed")}


async def test_a_guide_gets_a_few_tasks_a_day_and_the_rest_tomorrow(bot, hands):
    _, made = await friends(bot, 4)
    for customer in made:
        await a_campaign(
            bot,
            rule={"field": "gender", "op": "eq", "value": 1},
            words=bot.vault.seal(f"给 {customer.id} 号的话", about=campaigns.ABOUT),
            purpose="service",
        )
    async with bot.session() as session:
        for number, customer in enumerate(made):
            (await session.get(type(customer), customer.id)).gender = 1 if number == 0 else 0
    await runs(bot)
    assert len(hands.waiting) == 3
    bot.clock.advance(days=1)
    hands.confirm()
    await runs(bot)
    assert len(hands.waiting) == 1


async def test_of_two_campaigns_on_one_day_the_one_that_goes_first_has_whom_both_mean(bot, hands):
    guide, hers = await friends(bot, 2, gender=1)
    _, (other,) = await friends(bot, 1, guide=guide)
    both = {"field": "gender", "op": "eq", "value": 1}
    morning = await a_campaign(bot, state="draft")
    evening = await a_campaign(bot, starts_at=bot.now + timedelta(hours=3), rule=both)
    first = PutFirst(at=bot.now, actor=BOSS, key=bot.key(), campaign_id=evening.id, first=True)
    await bot.does(first)
    async with bot.session() as session:
        told = await campaigns.dry_run(
            session, bot.vault, morning, limits=bot.content.limits, now=bot.now
        )
        await campaigns.move(session, morning.id, expected=("draft",), state="running")
    await runs(bot)
    clash, sent = ("excluded", "clash"), ("handed_over", None)
    assert await states(bot, morning) == {hers[0].id: clash, hers[1].id: clash, other.id: sent}
    assert (told.planned, told.excluded) == (1, {"clash": 2}), "the dry run says the same"
    bot.clock.advance(hours=3)
    await runs(bot)
    assert await states(bot, evening) == {hers[0].id: sent, hers[1].id: sent}
    with pytest.raises(Refusal):
        await bot.does(replace(first, key=bot.key(), first=False))
