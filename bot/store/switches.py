"""Switches that every process reads before it acts. `sending` off is the kill switch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.delivery import Switch
from bot.store.engine import upsert

SENDING = "sending"


async def turn(
    session: AsyncSession, name: str, *, on: bool, reason: str, by: str, now: datetime
) -> None:
    said = {"on": on, "reason": reason, "by": by, "at": now}
    insert = upsert(session, Switch).values(name=name, **said)
    await session.execute(insert.on_conflict_do_update(index_elements=["name"], set_=said))


async def sending(session: AsyncSession) -> bool:
    """True unless somebody pulled the kill switch."""
    on = await session.scalar(select(Switch.on).where(Switch.name == SENDING))
    return on is not False
