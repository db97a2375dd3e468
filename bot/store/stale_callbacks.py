"""Callbacks that were signed and came too late: each once, however often it is played again, and never their words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.delivery import StaleCallback
from bot.store.engine import upsert

MOST = 1000
"""More would tell nothing new; the oldest go."""


async def keep(session: AsyncSession, digest: str, platform: str, *, now: datetime) -> bool:
    """Whether it was not known before."""
    row = upsert(session, StaleCallback).values(digest=digest, platform=platform, at=now)
    new = row.on_conflict_do_nothing().returning(StaleCallback.digest)
    if await session.scalar(new) is None:
        return False
    newest = select(StaleCallback.digest).order_by(StaleCallback.at.desc(), StaleCallback.digest)
    await session.execute(
        delete(StaleCallback)
        .where(StaleCallback.digest.in_(newest.offset(MOST).limit(MOST)))
        .execution_options(synchronize_session=False)
    )
    return True


async def counted(session: AsyncSession) -> dict[str, tuple[int, datetime]]:
    """By platform how many there are, and when the last one came."""
    query = select(StaleCallback.platform, func.count(), func.max(StaleCallback.at))
    rows = await session.execute(query.group_by(StaleCallback.platform))
    return {platform: (count, at) for platform, count, at in rows}
