"""How far something has come, or what was done last: one row by name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.delivery import Cursor
from bot.store.engine import upsert


async def changed(session: AsyncSession, name: str, value: str, *, now: datetime) -> bool:
    """Remember the value; True when it was another one before, for one caller only."""
    insert = upsert(session, Cursor).values(name=name, value=value, at=now)
    moved = await session.scalars(
        insert.on_conflict_do_update(
            index_elements=["name"], set_={"value": value, "at": now}, where=Cursor.value != value
        ).returning(Cursor.name)
    )
    return moved.first() is not None


async def read(session: AsyncSession, name: str) -> str | None:
    """What was remembered last."""
    value: str | None = await session.scalar(select(Cursor.value).where(Cursor.name == name))
    return value
