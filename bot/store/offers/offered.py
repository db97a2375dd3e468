"""What customers may take by themselves now, and what became of the coupons they had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Coupon, Offer
from bot.store.family import family


class Open(NamedTuple):
    """One offer that is open to everybody, as it stands for her."""

    offer: Offer
    left: int
    may_take: int
    """How many more she may have."""
    waits: int | None
    """The coupon with which she stands in line for it."""


async def on_offer(session: AsyncSession, customer_id: int, now: datetime) -> list[Open]:
    """Those that end first in front."""
    hers = Coupon.customer_id.in_(await family(session, customer_id))
    counted = Coupon.state.not_in(("withdrawn", "declined"))
    waiting = func.max(Coupon.id).filter(Coupon.state == "waiting")
    query = (
        select(Offer, func.count(Coupon.id), waiting)
        .outerjoin(Coupon, and_(Coupon.offer_id == Offer.id, hers, counted))
        .where(
            Offer.claimable,
            Offer.state == "active",
            Offer.starts_at <= now,
            Offer.ends_at > now,
        )
        .group_by(Offer.id)
        .order_by(Offer.ends_at, Offer.id)
    )
    return [
        Open(
            offer,
            offer.budget_pieces - offer.issued,
            max(offer.per_customer - had, 0),
            waits,
        )
        for offer, had, waits in await session.execute(query)
    ]


async def past(
    session: AsyncSession, customer_id: int, now: datetime, *, most: int = 20
) -> Sequence[tuple[Coupon, Offer]]:
    """Used, run out or taken back: the newest first."""
    over = or_(
        Coupon.state.in_(("redeemed", "expired", "withdrawn")),
        and_(Coupon.state == "held", Coupon.expires_at <= now),
    )
    ended = func.coalesce(Coupon.redeemed_at, Coupon.expires_at)
    query = (
        select(Coupon, Offer)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.customer_id == customer_id, over)
        .order_by(ended.desc(), Coupon.id.desc())
        .limit(most)
    )
    return [(coupon, offer) for coupon, offer in await session.execute(query)]
