"""What is done for coupons and points each night."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Cycle
from bot.domain.refusals import Refusal
from bot.store import offers, points, rights, touches
from bot.store.touches import Plan
from bot.work.context import Work

AT_ONCE = 100


async def take_back_untold(work: Work) -> int:
    """Coupons of messages that never reached anybody go back into their budgets."""
    async with work.sessions.begin() as session:
        return await offers.withdraw_untold(session, work.now())


async def dissolve_teams(work: Work) -> int:
    """Whoever waited for a team that did not come together is told; nobody owes anybody anything."""
    async with work.sessions.begin() as session:
        now = work.now()
        people = await offers.dissolve(session, now)
        plans: list[Plan] = [
            {
                "customer_id": customer_id,
                "template": "coupons/team_over",
                "purpose": "service",
                "due_at": now,
            }
            for customer_id in people
        ]
        await touches.plan(session, plans, now)
        return len(people)


async def cycle_due(work: Work) -> int:
    """What people have asked for again and again; where an offer is over, they are told that it stops."""
    done = 0
    while True:
        async with work.sessions.begin() as session:
            now = work.now()
            some = await offers.cycles_due(session, now, limit=AT_ONCE)
            plans = [await _cycle(session, cycle, now) for cycle in some]
            await touches.plan(session, plans, now)
        done += len(some)
        if len(some) < AT_ONCE:
            return done


async def _cycle(session: AsyncSession, cycle: Cycle, now: datetime) -> Plan:
    template = "coupons/cycle"
    try:
        async with session.begin_nested():
            await offers.give_cycle(session, cycle, now)
    except Refusal:
        await session.refresh(cycle)
        cycle.state, template = "over", "coupons/cycle_over"
    return {
        "customer_id": cycle.customer_id,
        "template": template,
        "purpose": "service",
        "due_at": now,
    }


async def give_deferred(work: Work) -> int:
    """What last month's spending has earned. Asked every day: one missed night loses nobody's card."""
    async with work.sessions.begin() as session:
        return await rights.give_deferred(session, work.content.levels, work.now())


async def expire_points(work: Work) -> int:
    """Write off what has run out, some accounts a transaction."""
    done = 0
    while True:
        async with work.sessions.begin() as session:
            some = await points.expire(session, work.now())
        done += some
        if not some:
            return done
