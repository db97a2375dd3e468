"""Tills that guess codes are locked for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Tally:
    """How often somebody came through a door, and from when on it is counted anew."""

    times: int
    until: datetime


async def came(
    session: AsyncSession, doors: Mapping[str, timedelta], now: datetime
) -> dict[str, Tally]:
    """Count once more at each of these doors, each over its own span: one statement for all of them."""
    begins = case({door: now - span for door, span in doors.items()}, value=TillMiss.till)
    old = TillMiss.since <= begins
    counted = upsert(session, TillMiss).values(
        [{"till": door, "misses": 1, "since": now} for door in sorted(doors)]
    )
    rows = await session.execute(
        counted.on_conflict_do_update(
            index_elements=["till"],
            set_={
                "misses": case((old, 1), else_=TillMiss.misses + 1),
                "since": case((old, now), else_=TillMiss.since),
            },
        ).returning(TillMiss.till, TillMiss.misses, TillMiss.since)
    )
    return {door: Tally(times, since + doors[door]) for door, times, since in rows}
