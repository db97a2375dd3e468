"""Noting that the corp tags of somebody's follows must be looked at, so that nobody has to search."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Executable, false, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Follow
from bot.domain.tags import CustomerTag, FollowMirror
from bot.store.bulk import among
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.together import together

CHUNK = 10_000


async def stir(session: AsyncSession, customer_ids: Sequence[int]) -> None:
    """Her tags changed."""
    for start in range(0, len(customer_ids), CHUNK):
        some = customer_ids[start : start + CHUNK]
        await session.execute(_OF_CUSTOMERS[dialect_of(session)], {"customers": list(some)})


async def stir_wearers(session: AsyncSession, tag_ids: Sequence[int]) -> None:
    """Something about these tags changed for whoever wears them."""
    wearers = select(CustomerTag.customer_id).where(CustomerTag.tag_id.in_(tag_ids))
    await _stir(session, Follow.customer_id.in_(wearers))


async def stir_follow(session: AsyncSession, follow_id: int) -> None:
    await together(session, _stir_follows, follow_id)


async def _stir_follows(session: AsyncSession, follow_ids: Sequence[int]) -> Sequence[int]:
    await session.execute(_OF_FOLLOWS[dialect_of(session)], {"follows": list(follow_ids)})
    return follow_ids


async def _stir(session: AsyncSession, whose: ColumnElement[bool]) -> None:
    await session.execute(_stirring(dialect_of(session), whose))


def _stirring(dialect: str, whose: ColumnElement[bool]) -> Executable:
    follows = select(Follow.id, true(), literal(0), false()).where(
        whose, Follow.ended_at.is_(None)
    )
    insert = upsert_in(dialect, table_of(FollowMirror)).from_select(
        ["follow_id", "dirty", "round", "busy"], follows
    )
    stirring: Executable = insert.on_conflict_do_update(
        index_elements=["follow_id"], set_={"dirty": True}
    )
    return stirring


_OF_CUSTOMERS = {
    dialect: _stirring(dialect, among(dialect, Follow.customer_id, "customers"))
    for dialect in ("sqlite", "postgresql")
}
_OF_FOLLOWS = {
    dialect: _stirring(dialect, among(dialect, Follow.id, "follows"))
    for dialect in ("sqlite", "postgresql")
}
