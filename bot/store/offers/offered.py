"""What customers may take by themselves now, and what became of the coupons they had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Coupon, Offer, pieces_left
from bot.store import households
from bot.store.family import family


class Open(NamedTuple):
    """One offer that is open to everybody, as it stands for her."""

    offer: Offer
    left: int
    may_take: int
    """How many more she may have."""
    home_full: bool
    """Others of her household have had what she might have taken."""
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
    found = (await session.execute(query)).all()
    homes: households.Homes = {}
    if any(offer.per_household for offer, _had, _waits in found):
        homes = await households.homes(session, [customer_id])
    return [
        Open(
            offer,
            pieces_left(offer),
            max(min(offer.per_customer - had, left), 0),
            left <= 0 and had < offer.per_customer,
            waits,
        )
        for offer, had, waits in found
        for left in [await _left_at_home(session, offer, homes)]
    ]


async def _left_at_home(session: AsyncSession, offer: Offer, homes: households.Homes) -> int:
    """How many more her household may have; as many as she where she lives alone, or nobody asks."""
    if not (offer.per_household and homes):
        return offer.per_customer
    theirs = await households.had(session, offer.id, homes)
    return offer.per_household - sum(theirs.values())


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
