"""Reminds guides of tasks that wait for their tap: seldom, and only while shops are open."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.quotas import read_limits
from bot.store import mass_tasks, results
from bot.work.context import Work


async def remind_due(work: Work) -> int:
    """Owe one reminder for each task that has waited long enough. Returns how many."""
    limits, now = read_limits(work.content.limits), work.now()
    if limits.quiet_hours.covers(now):
        return 0
    async with work.sessions.begin() as session:
        waiting = await results.reminding(
            session,
            now=now,
            after=timedelta(minutes=limits.guides.remind_after_minutes),
            most=limits.guides.reminders_per_day,
        )
        for task in waiting:
            await mass_tasks.remind(session, work.vault, task, now=now)
    return len(waiting)
