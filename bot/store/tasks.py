"""The SQL broker's messages: asked for in the caller's transaction, taken by whichever worker is free."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.delivery import Task
from bot.store.engine import upsert

DRAIN = "drain"
PAY = "pay"


async def ask(session: AsyncSession, name: str) -> None:
    """Ask that the named work be looked at once this transaction has committed."""
    insert = upsert(session, Task).values(name=name, asked=1)
    await session.execute(insert.on_conflict_do_nothing())


async def asked(session: AsyncSession) -> bool:
    return (await session.scalar(select(Task.name).limit(1))) is not None


async def take(session: AsyncSession) -> Sequence[str]:
    """Take what is asked for. A message lost with its worker is asked for again by the next sweep."""
    names = (await session.scalars(select(Task.name).with_for_update(skip_locked=True))).all()
    if names:
        await session.execute(delete(Task).where(Task.name.in_(names)))
    return names
