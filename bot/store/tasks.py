"""The SQL broker's messages: asked for in the caller's transaction, taken by whichever worker is free."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Executable, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.delivery import Task
from bot.store.engine import dialect_of, table_of, upsert_in

DRAIN = "drain"
PAY = "pay"


async def ask(session: AsyncSession, name: str) -> None:
    """Ask that the named work be looked at once this transaction has committed."""
    await session.execute(_asking(dialect_of(session)), {"name": name, "asked": 1})


@lru_cache
def _asking(dialect: str) -> Executable:
    asking: Executable = upsert_in(dialect, table_of(Task)).on_conflict_do_nothing()
    return asking


async def asked(session: AsyncSession) -> bool:
    return (await session.scalar(select(Task.name).limit(1))) is not None


async def take(session: AsyncSession) -> Sequence[str]:
    """Take what is asked for. A message lost with its worker is asked for again by the next sweep."""
    names = (await session.scalars(select(Task.name).with_for_update(skip_locked=True))).all()
    if names:
        await session.execute(delete(Task).where(Task.name.in_(names)))
    return names
