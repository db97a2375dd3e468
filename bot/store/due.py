"""When each kind of waiting work next has something to do: one look for the whole house."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, MassTask, Touch
from bot.domain.cases import Case
from bot.domain.conversations import KfAccount
from bot.domain.delivery import Kept, Owed
from bot.domain.journeys import Run

RESULT_PERIOD = timedelta(minutes=10)
"""How often a waiting mass task is asked about."""

_QUESTIONS: dict[str, Select[Any]] = {
    "inbox": select(func.min(Kept.received_at)).where(Kept.state == "kept"),
    "outbox": select(func.min(Owed.due_at)).where(Owed.state == "owed"),
    "journeys": select(func.min(Run.due_at)).where(Run.state == "active"),
    "touches": select(func.min(Touch.due_at)).where(Touch.state == "planned"),
    "campaigns": select(func.min(Campaign.starts_at)).where(
        Campaign.state.in_(("approved", "running")), Campaign.planned_at.is_(None)
    ),
    "cases": select(func.min(Case.next_check_at)).where(Case.state != "closed"),
    "kf": select(func.min(KfAccount.next_pull_at)),
    "results": select(func.min(func.coalesce(MassTask.checked_at, MassTask.created_at))).where(
        MassTask.state.in_(("waiting", "unknown", "confirmed", "cancelling"))
    ),
}


async def moments(session: AsyncSession) -> dict[str, datetime | None]:
    """The earliest moment per kind of work; None where nothing waits."""
    row = (
        await session.execute(
            select(*(q.scalar_subquery().label(name) for name, q in _QUESTIONS.items()))
        )
    ).one()
    found = dict(row._mapping)
    if found["results"] is not None:
        found["results"] += RESULT_PERIOD
    return found
