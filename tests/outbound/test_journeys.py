"""Journeys over virtual days, with the playbooks written here so that each test shows what it runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.campaigns import Campaign, Touch
from bot.domain.delivery import GuideTask
from bot.domain.journeys import Run
from bot.domain.orders import Order
from bot.domain.playbooks import PlaybookSpec
from bot.domain.tiers import CustomerTier, TierMove
from bot.outbound import journeys as ticks
from bot.store import journeys, playbooks
from tests.builders import a_customer, a_follow, a_guide

WEEK: dict[str, Any] = {
    "key": "week",
    "name": "一周",
    "tactic": [18],
    "trigger": "friend_added",
    "exit": {"all": [{"field": "orders.count", "op": "gte", "value": 1}]},
    "steps": [
        {"wait": {"days": 1, "part": "morning"}},
        {"message": {"template": "newcomer/style"}},
        {"wait": {"days": 3, "part": "evening"}},
        {
            "branch": {
                "if": {"all": [{"field": "tier", "op": "in", "value": ["核心"]}]},
                "then": [{"message": {"template": "vip/gift", "offer": "vip-gift"}}],
                "else": [{"guide_task": {"why": "认识一下她的喜好", "words": "guide/newcomer"}}],
            }
        },
        {"end": True},
    ],
}


class Written:
    """Playbooks as if they stood in files."""

    def __init__(self, *specs: dict[str, Any]) -> None:
        made = [PlaybookSpec.model_validate(spec) for spec in specs]
        self.playbooks = {spec.key: spec for spec in made}


async def publish(bot, *specs: dict[str, Any]) -> int:
    async with bot.session() as session:
        return await playbooks.publish_playbooks(session, Written(*specs), bot.now)


async def enter(bot, customer_id: int, cause: str = "friend:a", trigger: str = "friend_added"):
    async with bot.session() as session:
        return await journeys.enter(
            session,
            bot.content,
            trigger=trigger,
            customer_id=customer_id,
            cause=cause,
            now=bot.now,
        )


async def somebody(bot, *, tier: str | None = None) -> int:
    async with bot.session() as session:
        customer, guide = await a_customer(session), await a_guide(session)
        await a_follow(session, customer, guide)
        if tier:
            session.add(a_tier(customer.id, tier, bot.now))
    return customer.id


def a_tier(customer_id: int, tier: str, at: datetime) -> CustomerTier:
    return CustomerTier(
        customer_id=customer_id,
        tier=tier,
        share_class="大众",
        score=1.0,
        activity=1.0,
        overdue=1.0,
        rank=0.1,
        recency=1,
        frequency=1,
        monetary=1,
        reason="",
        since=at,
    )


async def days_pass(bot, days: int) -> None:
    for _ in range(days * 4):
        bot.clock.advance(hours=6)
        await bot.works(ticks.advance_due)


async def touched(bot, customer_id: int) -> list[Touch]:
    async with bot.session() as session:
        query = select(Touch).where(Touch.customer_id == customer_id).order_by(Touch.id)
        return list(await session.scalars(query))


async def run_of(bot, customer_id: int) -> Run:
    async with bot.session() as session:
        query = select(Run).where(Run.customer_id == customer_id).order_by(Run.id.desc())
        return (await session.scalars(query)).first()


async def test_ten_days_with_waits_and_a_branch(bot):
    await publish(bot, WEEK)
    core, other = await somebody(bot, tier="核心"), await somebody(bot, tier="普通")
    await enter(bot, core)
    await enter(bot, other)
    await days_pass(bot, 10)
    assert [t.template for t in await touched(bot, core)] == ["newcomer/style", "vip/gift"]
    assert [t.template for t in await touched(bot, other)] == ["newcomer/style"]
    assert (await run_of(bot, core)).state == (await run_of(bot, other)).state == "finished"


async def test_the_other_branch_asks_the_guide_with_ready_words(bot):
    await publish(bot, WEEK)
    customer = await somebody(bot, tier="普通")
    await enter(bot, customer)
    await days_pass(bot, 6)
    async with bot.session() as session:
        (task,) = await session.scalars(select(GuideTask))
        words = await bot.vault.unseal_for(session, customer, task.words, about="guide_task.words")
    assert task.why == "认识一下她的喜好"
    assert "不会乱发消息" in words


async def test_steps_come_at_their_part_of_the_day(bot):
    await publish(bot, WEEK)
    customer = await somebody(bot)
    await enter(bot, customer)
    await bot.works(ticks.advance_due)
    due = (await run_of(bot, customer)).due_at
    assert due.astimezone(bot.settings.zone).strftime("%d %H:%M") == "13 10:00"


async def test_who_buys_leaves(bot):
    await publish(bot, WEEK)
    customer = await somebody(bot)
    await enter(bot, customer)
    await days_pass(bot, 2)
    async with bot.session() as session:
        session.add(
            Order(
                source="pos",
                order_no="1",
                customer_id=customer,
                paid_at=bot.now,
                amount_fen=100,
                state="paid",
            )
        )
    await days_pass(bot, 5)
    run = await run_of(bot, customer)
    assert (run.state, run.reason) == ("left", "left_journey")
    (touch,) = await touched(bot, customer)
    assert (touch.state, touch.reason) == ("cancelled", "left_journey")


async def test_the_same_cause_enters_once(bot):
    await publish(bot, WEEK | {"entry": {"again": "each_cause"}})
    customer = await somebody(bot)
    assert await enter(bot, customer, "friend:a") == 1
    await days_pass(bot, 10)
    assert await enter(bot, customer, "friend:a") == 0
    assert await enter(bot, customer, "friend:b") == 1


@pytest.mark.parametrize(
    ("again", "after_days", "entered"), [("never", 400, 0), (30, 20, 0), (30, 31, 1)]
)
async def test_when_she_may_come_again(bot, again, after_days, entered):
    short = WEEK | {"entry": {"again": again}, "steps": [{"end": True}]}
    await publish(bot, short)
    customer = await somebody(bot)
    await enter(bot, customer, "friend:a")
    await bot.works(ticks.advance_due)
    bot.clock.advance(days=after_days)
    assert await enter(bot, customer, "friend:b") == entered


async def test_nobody_walks_the_same_journey_twice_at_once(bot):
    await publish(bot, WEEK | {"entry": {"again": "each_cause"}})
    customer = await somebody(bot)
    assert await enter(bot, customer, "friend:a") == 1
    assert await enter(bot, customer, "friend:b") == 0


async def test_only_the_entry_segment_enters(bot):
    only_core = {"segment": {"all": [{"field": "tier", "op": "in", "value": ["核心"]}]}}
    await publish(bot, WEEK | {"entry": only_core})
    assert await enter(bot, await somebody(bot, tier="核心")) == 1
    assert await enter(bot, await somebody(bot, tier="普通")) == 0


async def test_the_holdout_gets_nothing_and_is_remembered(bot):
    await publish(bot, WEEK | {"holdout_percent": 50})
    people = [await somebody(bot) for _ in range(30)]
    entered = sum([await enter(bot, one) for one in people])
    async with bot.session() as session:
        held = (await session.scalars(select(Run).where(Run.state == "holdout"))).all()
    assert len(held) + entered == 30
    assert 5 < len(held) < 25


async def test_a_run_stays_on_the_version_it_began(bot):
    await publish(bot, WEEK)
    customer = await somebody(bot)
    await enter(bot, customer)
    assert await publish(bot, WEEK | {"steps": [{"end": True}]}) == 1
    await days_pass(bot, 2)
    assert len(await touched(bot, customer)) == 1


async def test_the_same_file_again_is_no_new_version(bot):
    assert await publish(bot, WEEK) == 1
    assert await publish(bot, WEEK) == 0


async def test_a_paused_playbook_stands_still_until_it_goes_on(bot):
    await publish(bot, WEEK)
    customer = await somebody(bot)
    await enter(bot, customer)
    async with bot.session() as session:
        assert await playbooks.pause(session, "week", on=True, now=bot.now)
    await days_pass(bot, 3)
    assert await touched(bot, customer) == []
    async with bot.session() as session:
        await playbooks.pause(session, "week", on=False, now=bot.now)
    await days_pass(bot, 2)
    assert len(await touched(bot, customer)) == 1


async def test_birthdays_enter_once_a_year(bot):
    yearly = {
        **WEEK,
        "key": "birthday",
        "trigger": "birthday_month",
        "entry": {"again": "each_cause"},
    }
    await publish(bot, yearly)
    async with bot.session() as session:
        await a_customer(session, birthday_month=3)
        await a_customer(session, birthday_month=4)
    assert [await ticks.birthday_entries(bot.work) for _ in range(2)] == [1, 0]
    await days_pass(bot, 10)
    bot.clock.advance(days=355)
    assert await ticks.birthday_entries(bot.work) == 1


async def test_a_changed_tier_enters_its_own_journey(bot):
    await publish(bot, {**WEEK, "key": "asleep", "trigger": "tier_changed:沉睡"})
    asleep, core = await somebody(bot), await somebody(bot)
    async with bot.session() as session:
        for customer, tier in ((asleep, "沉睡"), (core, "核心")):
            session.add(
                TierMove(customer_id=customer, before=None, after=tier, reason="", at=bot.now)
            )
    assert [await ticks.tier_entries(bot.work) for _ in range(2)] == [1, 0]
    assert (await run_of(bot, asleep)).playbook == "asleep"
    assert await run_of(bot, core) is None


async def test_a_repeating_campaign_opens_once_for_each_occasion(bot):
    await publish(
        bot,
        {
            "key": "weekly",
            "name": "每周福利",
            "tactic": [17],
            "campaign": {
                "segment": {"all": [{"field": "tier", "op": "in", "value": ["核心"]}]},
                "calendar": {"every": "week", "weekday": 4, "at": "10:00"},
                "template": "weekly/benefit",
                "offer": "weekly",
            },
        },
    )
    for _ in range(15 * 4):
        await bot.works(ticks.open_campaigns)
        bot.clock.advance(hours=6)
    async with bot.session() as session:
        found = (await session.scalars(select(Campaign).order_by(Campaign.id))).all()
    # That of the 12th had begun before anybody wrote the calendar.
    assert [c.occasion for c in found] == ["weekly:2026-03-19", "weekly:2026-03-26"]
    assert found[0].state == "approved"


async def test_everything_that_ships_can_be_walked_to_its_end(bot):
    await bot.publishes()
    customer = await somebody(bot, tier="核心")
    for spec in bot.content.playbooks.values():
        if spec.trigger and spec.steps:
            await enter(bot, customer, f"c:{spec.key}", spec.trigger)
    await days_pass(bot, 60)
    async with bot.session() as session:
        states = set(await session.scalars(select(Run.state)))
    assert "active" not in states


PATIENT: dict[str, Any] = {
    "key": "patient",
    "name": "等她买",
    "tactic": [27],
    "trigger": "friend_added",
    "steps": [
        {"wait": {"days": 20, "until": "order_paid"}},
        {"message": {"template": "care/after_order"}},
        {"wait": {"days": 20, "until": "order_paid"}},
        {"message": {"template": "sleeping/soft"}},
    ],
}


async def test_a_run_waits_for_what_happens_and_no_longer_than_it_says(bot):
    await publish(bot, PATIENT)
    customer_id = await somebody(bot)
    written = Written(PATIENT)

    async def hears(trigger: str, cause: str) -> None:
        async with bot.session() as session:
            await journeys.enter(
                session,
                written,
                trigger=trigger,
                customer_id=customer_id,
                cause=cause,
                now=bot.now,
            )

    await hears("friend_added", "friend:a")
    await bot.works(ticks.advance_due)
    bot.clock.advance(days=2)
    await hears("case_closed", "case:1")
    await bot.works(ticks.advance_due)
    assert await said(bot) == []
    await hears("order_paid", "order:1")
    await bot.works(ticks.advance_due)
    assert await said(bot) == ["care/after_order"]
    bot.clock.advance(days=19)
    await bot.works(ticks.advance_due)
    assert await said(bot) == ["care/after_order"]
    bot.clock.advance(days=2)
    await bot.works(ticks.advance_due)
    assert await said(bot) == ["care/after_order", "sleeping/soft"]


async def said(bot) -> list[str]:
    async with bot.session() as session:
        return list(await session.scalars(select(Touch.template).order_by(Touch.id)))
