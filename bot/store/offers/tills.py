"""Tills that guess codes are locked for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import TillMiss
from bot.store.engine import upsert

MISSES = 10
SPAN = timedelta(minutes=10)


async def locked(session: AsyncSession, till: str, now: datetime) -> bool:
    until = await session.scalar(select(TillMiss.locked_until).where(TillMiss.till == till))
    return until is not None and now < until


async def missed(session: AsyncSession, till: str, now: datetime, *, most: int = MISSES) -> bool:
    """Count a wrong code, or whatever else is allowed so often in a while; True when it was one too many and the till,
    or any other door, is locked from now on."""
    old = TillMiss.since <= now - SPAN
    counted = case((old, 1), else_=TillMiss.misses + 1)
    insert = upsert(session, TillMiss).values(till=till, misses=1, since=now)
    misses = await session.scalar(
        insert.on_conflict_do_update(
            index_elements=["till"],
            set_={
                "misses": counted,
                "since": case((old, now), else_=TillMiss.since),
                "locked_until": case((counted > most, now + SPAN), else_=None),
            },
        ).returning(TillMiss.misses)
    )
    return (misses or 0) > most
