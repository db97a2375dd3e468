"""What stores gave away on coupons: each redemption of a span, for whoever settles with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Store
from bot.domain.offers import Coupon, Offer, Redemption
from bot.store.insights.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One redemption, whether it stands or was taken back."""

    id: int
    at: datetime
    store: str | None
    """Its code; none where the mall took it."""
    store_name: str | None
    offer: str
    name: str
    ends: str
    """The last four of the coupon's code."""
    order_no: str | None
    discount_fen: int
    actor: str
    voided_at: datetime | None


async def settled(
    session: AsyncSession, span: Span, below: int | None, *, limit: int, store: str | None = None
) -> list[Settled]:
    """The newest first."""
    query = (
        select(Redemption, Store.code, Store.name, Offer.key, Offer.name, Coupon.code)
        .join(Coupon, Coupon.id == Redemption.coupon_id)
        .join(Offer, Offer.id == Coupon.offer_id)
        .outerjoin(Store, Store.id == Redemption.store_id)
        .where(span.holds(Redemption.at))
        .order_by(Redemption.id.desc())
        .limit(limit)
    )
    if below is not None:
        query = query.where(Redemption.id < below)
    if store is not None:
        query = query.where(Store.code == store)
    return [
        Settled(
            id=one.id,
            at=one.at,
            store=code,
            store_name=shop,
            offer=offer,
            name=name,
            ends=coupon[-4:],
            order_no=one.order_no,
            discount_fen=one.discount_fen,
            actor=one.actor,
            voided_at=one.voided_at,
        )
        for one, code, shop, offer, name, coupon in await session.execute(query)
    ]
