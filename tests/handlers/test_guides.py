"""Guides come, go and finish what they were asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.calls import UpdateAppCard
from bot.domain.campaigns import MassTask
from bot.domain.customers import Guide
from bot.domain.delivery import GuideTask
from bot.domain.refusals import Refusal
from bot.events import Actor, AppOpened, CardClicked, FinishGuideTask, MemberChanged
from bot.store import guide_tasks, mass_tasks
from tests.builders import a_customer, a_follow, a_guide, a_store


@pytest.fixture
async def task(bot):
    async with bot.session() as session:
        store = await a_store(session)
        guide = await a_guide(session, userid="WangFang", store_id=store.id)
        await a_guide(session, userid="LiNa", store_id=store.id)
        customer = await a_customer(session)
        await a_follow(session, customer, guide)
        for _ in range(2):
            await guide_tasks.ask(
                session,
                bot.vault,
                key="k1",
                guide_id=guide.id,
                customer_id=customer.id,
                kind="contact",
                why="认识一下",
                words="你好，小满",
                now=bot.now,
            )
        (asked,) = await guide_tasks.open_of(session, bot.vault, guide.id)
    return asked.task


async def reread(bot, task: GuideTask) -> GuideTask:
    async with bot.session() as session:
        return await session.get(GuideTask, task.id)


def finish(bot, task, userid="WangFang", **changes) -> FinishGuideTask:
    return FinishGuideTask(
        at=bot.now,
        actor=Actor(kind="guide", id=userid),
        key=bot.key(),
        task_id=task.id,
        **({"done": True} | changes),
    )


async def test_words_are_sealed_and_come_back(bot, task):
    assert "小满".encode() not in task.words
    async with bot.session() as session:
        (asked,) = await guide_tasks.open_of(session, bot.vault, task.guide_id)
    assert asked.words == "你好，小满"


async def test_a_task_is_finished_once(bot, task):
    assert (await bot.does(finish(bot, task)))["state"] == "done"
    with pytest.raises(Refusal) as refusal:
        await bot.does(finish(bot, task))
    assert refusal.value.reason == "finished"


async def test_skipping_keeps_its_reason(bot, task):
    await bot.does(finish(bot, task, done=False, reason="刚聊过"))
    found = await reread(bot, task)
    assert (found.state, found.outcome) == ("skipped", "刚聊过")


async def test_nobody_finishes_a_colleagues_task(bot, task):
    with pytest.raises(Refusal) as refusal:
        await bot.does(finish(bot, task, "LiNa"))
    assert refusal.value.status == 404


async def test_a_tap_on_the_card_finishes_the_task(bot, task):
    tap = CardClicked(
        at=bot.now, userid="WangFang", task_id="c1", key=f"task:{task.id}:done", response_code="r1"
    )
    await bot.receives(tap)
    assert (await reread(bot, task)).state == "done"
    (shown,) = [call for call in await bot.sends() if isinstance(call, UpdateAppCard)]
    assert shown.replace_name == "已完成"


async def test_a_leaving_guides_tasks_go_to_a_colleague(bot, task):
    await bot.receives(MemberChanged(at=bot.now, userid="WangFang", change="delete_user"))
    found = await reread(bot, task)
    async with bot.session() as session:
        heir = await session.get(Guide, found.guide_id)
        left = await session.get(Guide, task.guide_id)
    assert (heir.userid, left.active, found.state) == ("LiNa", False, "open")


async def test_opening_the_app_tells_her_best_hour_and_what_she_saw(bot, task):
    first = bot.now
    async with bot.session() as session:
        old, new = [await waits(session, bot, task.guide_id, minutes) for minutes in (-1, 1)]
    for _ in range(2):
        await bot.receives(AppOpened(at=bot.now, userid="WangFang"))
        async with bot.session() as session:
            assert (await session.get(Guide, task.guide_id)).best_hour == 10
            assert (await session.get(MassTask, old)).seen_at == first
            assert ((await session.get(MassTask, new)).seen_at is None) == (bot.now == first)
        bot.clock.advance(minutes=2)


async def waits(session, bot, guide_id, minutes) -> int:
    """A task for her tap, made so many minutes from now."""
    at = bot.now + timedelta(minutes=minutes)
    made = MassTask(
        guide_id=guide_id,
        purpose="marketing",
        text=bot.vault.seal("春装到店", about=mass_tasks.ABOUT),
        customers=1,
        state="waiting",
        created_at=at,
        expires_at=at + timedelta(hours=8),
    )
    session.add(made)
    await session.flush()
    return made.id
