"""Reminds guides of tasks that wait for their tap: seldom, and only while shops are open."""

from __future__ import annotations

from datetime import timedelta

from bot.calls import RemindMassTask
from bot.domain.campaigns import MassTask
from bot.domain.quotas import read_limits
from bot.store import mass_tasks, outbox, results
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
            number = task.reminders + 1
            await mass_tasks.move(
                session,
                task.id,
                expected=("waiting",),
                reminders=MassTask.reminders + 1,
                reminded_at=now,
            )
            await outbox.owe(
                session,
                work.vault,
                RemindMassTask(msgid=task.msgid or ""),
                effect=f"remind:{task.id}:{number}",
                now=now,
                mass_task_id=task.id,
                expires_at=now + timedelta(hours=1),
            )
    return len(waiting)
