"""The clocks of cases over restarts, jumps and weekends: everything happens once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from bot.calls import Refused, SendAppText, SendKf, Unclear
from bot.domain.cases import Case, CaseStep
from bot.domain.delivery import GuideTask
from bot.events import AnswerCase, FileCase, KfMessageReceived
from bot.events.commands import Actor
from bot.outbound.cases import clocks_due
from bot.store import cases
from tests.builders import a_customer, a_follow, a_guide, a_store

CARE = Actor(kind="care", id="zhou")


async def a_filed_case(bot, **changes) -> Case:
    async with bot.session() as session:
        store = await a_store(session)
        customer = await a_customer(session, **changes)
        await a_follow(session, customer, await a_guide(session, store_id=store.id))
        await a_guide(session, name="专家", duty="expert", userid="expert")
        await a_guide(session, name="店长", duty="manager", userid="manager", store_id=store.id)
    filed = await bot.does(
        FileCase(at=bot.now, actor=CARE, key=bot.key(), customer_id=customer.id, text="开线了")
    )
    async with bot.session() as session:
        return await session.get(Case, filed["case"])


async def after(bot, **span) -> list[str]:
    """The steps that the clock has taken by then, in order."""
    bot.clock.advance(**span)
    await bot.works(clocks_due)
    async with bot.session() as session:
        rows = await session.execute(select(CaseStep.kind, CaseStep.level).order_by(CaseStep.id))
        return [f"{kind}/{level}" for kind, level in rows if kind != "opened"]


async def test_warned_at_20_hours_breached_at_24_and_48(bot):
    await a_filed_case(bot)
    assert await after(bot, hours=19, minutes=59) == []
    assert await after(bot, minutes=1) == ["warned/1"]
    assert (await after(bot, hours=4))[1:] == ["breached/1", "escalated/2"]
    weekend = timedelta(hours=48)  # opened on a Thursday: Saturday and Sunday do not count
    assert len(await after(bot, hours=20 + 40)) == 3
    assert (await after(bot, hours=weekend.total_seconds() / 3600 - 40))[3:] == ["warned/2"]
    assert (await after(bot, hours=4))[4:] == ["breached/2", "escalated/3"]
    assert len(await after(bot, days=30)) == 6


async def test_a_late_clock_catches_up_once(bot):
    await a_filed_case(bot)
    taken = await after(bot, days=10)
    assert taken == [
        "warned/1",
        "breached/1",
        "escalated/2",
        "warned/2",
        "breached/2",
        "escalated/3",
    ]
    assert await after(bot, seconds=1) == taken


async def test_many_processes_take_a_step_once(bot):
    await a_filed_case(bot)
    bot.clock.advance(hours=24)
    await asyncio.gather(*(clocks_due(bot.work) for _ in range(4)))
    assert await after(bot, seconds=0) == ["warned/1", "breached/1", "escalated/2"]


async def test_a_clock_set_back_repeats_nothing(bot):
    await a_filed_case(bot)
    taken = await after(bot, hours=24)
    bot.clock.advance(hours=-10)
    assert await after(bot, hours=10) == taken


async def test_an_answer_in_time_is_never_a_breach(bot):
    case = await a_filed_case(bot)
    bot.clock.advance(hours=3)
    await bot.does(AnswerCase(at=bot.now, actor=CARE, key="a", case_id=case.id, text="在查了"))
    assert await after(bot, hours=30) == ["answered/1"]


async def test_the_clock_stands_still_while_she_has_to_answer(bot):
    case = await a_filed_case(bot, external_userid="wm1")
    answer = AnswerCase(
        at=bot.now, actor=CARE, key="a", case_id=case.id, text="方便拍张照吗？", waits=True
    )
    await bot.does(answer)
    assert await after(bot, days=10) == ["answered/1", "waiting-1/1"]
    await bot.receives(
        KfMessageReceived(
            at=bot.now,
            open_kfid="wk1",
            external_userid="wm1",
            msgid="m1",
            msgtype="text",
            text="照片发了",
        )
    )
    async with bot.session() as session:
        assert (await session.get(Case, case.id)).resolve_due > bot.now + timedelta(hours=47)


async def test_a_case_opened_elsewhere_is_answered_by_the_clock(bot):
    async with bot.session() as session:
        customer = await a_customer(session)
        await a_follow(session, customer, await a_guide(session))
        case = await cases.open_case(
            session,
            bot.vault,
            customer_id=customer.id,
            text="开线了",
            channel="page",
            source="form-1",
            now=bot.now,
        )
    await bot.works(clocks_due)
    async with bot.session() as session:
        assert (await cases.step_of(session, case.id, "opened", 1)).told == "guide"
        assert (await session.get(Case, case.id)).next_check_at == bot.now + timedelta(hours=20)


async def test_experts_then_managers_are_called_in(bot):
    await a_filed_case(bot)
    await after(bot, hours=24)
    called = [set(call.userids) for call in await bot.sends() if isinstance(call, SendAppText)]
    assert called[-1] == {"expert"}
    await after(bot, days=10)
    called = [set(call.userids) for call in await bot.sends() if isinstance(call, SendAppText)]
    assert called[-1] == {"expert", "manager"}


async def test_she_hears_that_we_were_late(bot):
    case = await a_filed_case(bot)
    await after(bot, hours=24)
    async with bot.session() as session:
        step = await cases.step_of(session, case.id, "breached", 1)
        assert step.told == "guide"
        news = await session.scalars(select(GuideTask).where(GuideTask.kind == "case_news"))
        assert len(news.all()) == 2


async def test_what_the_window_refuses_her_guide_says(bot):
    await complains_in_kf(bot, Refused(95018, "state_forbids"))
    async with bot.session() as session:
        step = (await session.scalars(select(CaseStep))).one()
        task = (
            await session.scalars(select(GuideTask).where(GuideTask.kind == "case_news"))
        ).one()
        assert (step.told, bool(task.words)) == ("guide", True)


async def test_what_may_have_arrived_is_not_said_twice(bot):
    await complains_in_kf(bot, Unclear())
    async with bot.session() as session:
        assert (await session.scalars(select(CaseStep))).one().told == "unknown"
        kinds = await session.scalars(select(GuideTask.kind))
        assert "case_news" not in set(kinds)


async def complains_in_kf(bot, outcome) -> None:
    async with bot.session() as session:
        customer = await a_customer(session, external_userid="wm1")
        await a_follow(session, customer, await a_guide(session))
    bot.platform.answers(SendKf, outcome)
    await bot.receives(
        KfMessageReceived(
            at=bot.now,
            open_kfid="wk1",
            external_userid="wm1",
            msgid="m1",
            msgtype="text",
            text="裤子开线了，太差了",
        )
    )
    await bot.sends()
