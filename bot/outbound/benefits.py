"""What is done for coupons and points each night."""

from __future__ import annotations

from bot.store import offers, points, rights, touches
from bot.store.touches import Plan
from bot.work.context import Work


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
