"""Whom a guide serves, as one set: to hold against what the platform lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow, Guide


def _of(userid: str) -> Select[str]:
    named = select(Guide.id).where(Guide.userid == userid).scalar_subquery()
    return (
        select(Follow.external_userid)
        .join(Customer, Customer.id == Follow.customer_id)
        .where(Follow.guide_id == named, Customer.merged_into.is_(None))
    )


async def followed_by(session: AsyncSession, userid: str, *, before: datetime) -> set[str]:
    """Lasting ties that began before this moment: newer ones the asked-for list may not hold yet."""
    lasting = _of(userid).where(Follow.ended_at.is_(None), Follow.since < before)
    return set(await session.scalars(lasting))
