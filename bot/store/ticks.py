"""Firings of the timetable: one row per firing, whoever gets it in first runs it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.delivery import TickRun
from bot.store.engine import upsert


async def claim(
    session: AsyncSession, name: str, *, fired_for: datetime, now: datetime, counted: bool = False
) -> bool:
    """Whether this firing is ours to run. One from before the first look ever only starts the count;
    who has looked before says that it is `counted`."""
    known = counted or await session.scalar(
        select(TickRun.name).where(TickRun.name == name).limit(1)
    )
    insert = upsert(session, TickRun).values(name=name, fired_for=fired_for, at=now)
    mine = await session.scalars(insert.on_conflict_do_nothing().returning(TickRun.name))
    return mine.first() is not None and bool(known)
