"""Whom a guide serves, as one set: to hold against what the platform lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Follow, Guide


def _of(userid: str) -> Select[str]:
    named = select(Guide.id).where(Guide.userid == userid).scalar_subquery()
    return select(Follow.external_userid).where(Follow.guide_id == named)


async def followed_by(session: AsyncSession, userid: str, *, before: datetime) -> set[str]:
    """Lasting ties that began before this moment: newer ones the asked-for list may not hold yet."""
    lasting = _of(userid).where(Follow.ended_at.is_(None), Follow.since < before)
    return set(await session.scalars(lasting))


async def ever_followed_by(session: AsyncSession, userid: str) -> set[str]:
    return set(await session.scalars(_of(userid)))


async def has_customers(session: AsyncSession, guide_id: int) -> bool:
    one = select(Follow.id).where(Follow.guide_id == guide_id).limit(1)
    return await session.scalar(one) is not None
