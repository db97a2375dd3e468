"""Every offer with what became of its pieces: for people who give value and want to know what it costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.offers import Coupon, Offer, Redemption
from bot.domain.tiers import CustomerTier
from bot.store.insights.span import Span


@dataclass(frozen=True, slots=True)
class Shelved:
    offer: Offer
    states: Counter[str] = field(default_factory=Counter)
    """Coupons by state."""
    cost_fen: int = 0
    """What the redeemed ones took off."""

    @property
    def issued(self) -> int:
        return sum(self.states.values()) - self.states["waiting"]


async def shelf(session: AsyncSession, key: str | None = None) -> list[Shelved]:
    """The running ones first, then by name; with a key only that one."""
    query = select(Offer).order_by(Offer.state, Offer.name)
    if key is not None:
        query = query.where(Offer.key == key)
    found = {offer.id: Shelved(offer) for offer in await session.scalars(query)}
    rows = await session.execute(
        select(Coupon.offer_id, Coupon.state, func.count())
        .where(Coupon.offer_id.in_(found))
        .group_by(Coupon.offer_id, Coupon.state)
    )
    for offer_id, state, count in rows:
        found[offer_id].states[state] += count
    spent = await session.execute(
        select(Coupon.offer_id, func.sum(Redemption.discount_fen))
        .join(Redemption, Redemption.live == Coupon.id)
        .where(Coupon.offer_id.in_(found))
        .group_by(Coupon.offer_id)
    )
    costs = {offer_id: int(fen or 0) for offer_id, fen in spent}
    return [Shelved(one.offer, one.states, costs.get(id_, 0)) for id_, one in found.items()]


async def curve(session: AsyncSession, offer_id: int, span: Span) -> list[tuple[int, int]]:
    """Pieces given and pieces used, day by day."""
    mine = Coupon.offer_id == offer_id
    given = await _by_day(session, span, Coupon.issued_at, mine & (Coupon.state != "waiting"))
    used = await _by_day(session, span, Coupon.redeemed_at, mine & (Coupon.state == "redeemed"))
    return [(given[number], used[number]) for number in range(len(span.days))]


async def _by_day(
    session: AsyncSession, span: Span, column: Any, fits: ColumnElement[bool]
) -> Counter[int]:
    each = select(span.day_of(session, column).label("day")).where(fits, span.holds(column))
    days = each.subquery()
    rows = await session.execute(select(days.c.day, func.count()).group_by(days.c.day))
    return Counter({int(day): count for day, count in rows})


async def by_tier(
    session: AsyncSession, offer_id: int, now: datetime
) -> dict[str, tuple[int, int]]:
    """People who hold or held it, and all people, by tier: does one tier never get it?"""
    everybody = await session.execute(
        select(CustomerTier.tier, func.count())
        .join(Customer, Customer.id == CustomerTier.customer_id)
        .where(Customer.merged_into.is_(None))
        .group_by(CustomerTier.tier)
    )
    got = await session.execute(
        select(CustomerTier.tier, func.count(Coupon.customer_id.distinct()))
        .join(Coupon, Coupon.customer_id == CustomerTier.customer_id)
        .where(Coupon.offer_id == offer_id, Coupon.issued_at <= now)
        .group_by(CustomerTier.tier)
    )
    theirs = dict(got.all())
    return {tier: (theirs.get(tier, 0), people) for tier, people in everybody}
