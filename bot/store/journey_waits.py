"""Runs that wait for something to happen: an event wakes them before their time is up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.journeys import Run
from bot.domain.playbooks import PlaybookSpec, awaited
from bot.store.touches import changed


async def wake(
    session: AsyncSession,
    playbooks: Collection[PlaybookSpec],
    *,
    trigger: str,
    customer_id: int,
    now: datetime,
) -> int:
    """Let her runs that wait for this go on; how many did. Asks nothing when no playbook waits for it."""
    happened = {trigger, trigger.partition(":")[0]}
    if not any(happened & awaited(spec) for spec in playbooks):
        return 0
    hers = (Run.customer_id == customer_id, Run.state == "active", Run.awaits.in_(happened))
    return await changed(session, update(Run).where(*hers).values(due_at=now, awaits=None))
