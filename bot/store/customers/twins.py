"""Two records that are one person may hold one coupon too many: what she has used stays, what she has not goes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Coupon, Offer
from bot.store.family import family

GONE = ("withdrawn", "declined")


async def void(session: AsyncSession, customer_id: int, now: datetime) -> list[int]:
    """The unused coupons beyond what one person may have; a till that is just using one keeps it.

    Of offers with a waiting line the places stay as they are: whoever waits would be passed over."""
    hers = await family(session, customer_id)  # two of one trigger do not move into one record
    used = case((Coupon.state == "redeemed", 0), (Coupon.reserved_until > now, 1), else_=2)
    query = (
        select(Coupon, Offer.per_customer)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(
            Coupon.customer_id.in_(hers),
            Coupon.state.not_in(GONE),
            ~Offer.queue,
        )
        .order_by(Coupon.offer_id, used, Coupon.issued_at, Coupon.id)
        .execution_options(populate_existing=True)
    )
    had: defaultdict[int, int] = defaultdict(int)
    surplus: list[Coupon] = []
    for coupon, most in await session.execute(query):
        had[coupon.offer_id] += 1
        if had[coupon.offer_id] > most and _idle(coupon, now):
            surplus.append(coupon)
    for coupon in surplus:
        await _take(session, coupon)
    return [coupon.id for coupon in surplus]


def _idle(coupon: Coupon, now: datetime) -> bool:
    reserved = coupon.reserved_until is not None and coupon.reserved_until > now
    return coupon.state == "held" and not reserved and coupon.expires_at > now


async def _take(session: AsyncSession, coupon: Coupon) -> None:
    coupon.state = "withdrawn"
    await session.flush()
    await session.execute(
        update(Offer)
        .where(Offer.id == coupon.offer_id)
        .values(issued=Offer.issued - 1, owed_fen=Offer.owed_fen - coupon.worth_fen)
    )


async def give_back(session: AsyncSession, coupon_ids: Sequence[int]) -> None:
    """They were two people after all: each has her own again, as far as the budget still goes."""
    for coupon_id in coupon_ids:
        coupon = await session.get(Coupon, coupon_id, populate_existing=True)
        if coupon is None or coupon.state != "withdrawn":
            continue
        worth = coupon.worth_fen
        taken = await session.execute(
            update(Offer)
            .where(
                Offer.id == coupon.offer_id,
                Offer.issued < Offer.budget_pieces,
                or_(Offer.budget_fen.is_(None), Offer.owed_fen + worth <= Offer.budget_fen),
            )
            .values(issued=Offer.issued + 1, owed_fen=Offer.owed_fen + worth)
        )
        if isinstance(taken, CursorResult) and taken.rowcount == 1:
            coupon.state = "held"
            await session.flush()
