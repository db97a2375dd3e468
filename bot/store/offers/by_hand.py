"""Coupons that people give with their own hands: which they may choose, and how many they gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Coupon, Offer, pieces_left


def trigger_of(act: str) -> str:
    return f"act:{act}"


async def given_by_hand(session: AsyncSession, actor: str, since: datetime) -> int:
    """By this person alone since then; what a second one agreed to is not counted."""
    hers = Coupon.trigger.startswith(trigger_of(f"{actor}|"), autoescape=True)
    query = select(func.count()).where(Coupon.issued_at >= since, hers)
    return await session.scalar(query) or 0


async def to_give(session: AsyncSession, now: datetime) -> Sequence[Offer]:
    """What can be handed to one person now: running, in stock, neither a team's nor a cycle's."""
    query = select(Offer).where(
        Offer.state == "active",
        Offer.starts_at <= now,
        Offer.ends_at > now,
        Offer.team_size == 0,
        Offer.cycle_days == 0,
    )
    found = await session.scalars(query.order_by(Offer.name))
    return [offer for offer in found if pieces_left(offer) > 0]


async def named(session: AsyncSession, key: str) -> Offer | None:
    return (await session.scalars(select(Offer).where(Offer.key == key))).first()
