"""Noting that the corp tags of somebody's follows must be looked at, so that nobody has to search."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, false, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Follow
from bot.domain.tags import CustomerTag, FollowMirror
from bot.store.engine import upsert

CHUNK = 10_000


async def stir(session: AsyncSession, customer_ids: Sequence[int]) -> None:
    """Her tags changed."""
    for start in range(0, len(customer_ids), CHUNK):
        await _stir(session, Follow.customer_id.in_(customer_ids[start : start + CHUNK]))


async def stir_wearers(session: AsyncSession, tag_ids: Sequence[int]) -> None:
    """Something about these tags changed for whoever wears them."""
    wearers = select(CustomerTag.customer_id).where(CustomerTag.tag_id.in_(tag_ids))
    await _stir(session, Follow.customer_id.in_(wearers))


async def stir_follow(session: AsyncSession, follow_id: int) -> None:
    await _stir(session, Follow.id == follow_id)


async def _stir(session: AsyncSession, whose: ColumnElement[bool]) -> None:
    follows = select(Follow.id, true(), literal(0), false()).where(
        whose, Follow.ended_at.is_(None)
    )
    insert = upsert(session, FollowMirror).from_select(
        ["follow_id", "dirty", "round", "busy"], follows
    )
    await session.execute(
        insert.on_conflict_do_update(index_elements=["follow_id"], set_={"dirty": True})
    )
