"""What an offer can still give: asked by the gate before it lets a message with a coupon go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.offers import Coupon, Offer, pieces_left, why_not_issued
from bot.domain.quotas import Limits
from bot.domain.reasons import of_offer
from bot.store import households, quotas
from bot.store.bulk import among
from bot.store.engine import dialect_of


@dataclass(frozen=True, slots=True)
class Stock:
    """What an offer can still give."""

    reason: str | None = None
    pieces: int | None = None
    """None: as many as one likes."""
    spent: Mapping[int, str] = field(default_factory=dict)
    """Who can have no more of it, and whether it is she, or her household, that has had enough."""
    weary: frozenset[int] = frozenset()
    piece_fen: int = 0
    """What one piece may cost us at worst."""


def affordable(stock: Stock, budget_fen: int | None) -> int | None:
    """How many pieces a budget pays for; None when it sets no bound."""
    return budget_fen // stock.piece_fen if budget_fen is not None and stock.piece_fen else None


async def stock(
    session: AsyncSession,
    offer_key: str | None,
    customer_ids: Collection[int],
    *,
    at: datetime,
    limits: Limits,
) -> Stock:
    """Whether the offer may be given at `at`, how often still, and to whom of these no more."""
    if offer_key is None:
        return Stock()
    offer = await session.scalar(select(Offer).where(Offer.key == offer_key))
    if offer is None:
        return Stock("unknown_offer", 0)
    reason = _why_not(offer, at)
    weary = await quotas.weary(session, customer_ids, at=at, limits=limits)
    spent = await _spent(session, offer, customer_ids)
    return Stock(reason, pieces_left(offer), spent, weary, offer.piece_fen)


async def _spent(
    session: AsyncSession, offer: Offer, customer_ids: Collection[int]
) -> dict[int, str]:
    bound = {"ids": list(customer_ids), "offer": offer.id, "most": offer.per_customer}
    alone = await session.scalars(_at_most(dialect_of(session)), bound)
    spent = dict.fromkeys(alone, "per_customer")
    if offer.per_household:
        homes = await households.homes(session, customer_ids)
        for who, count in (await households.had(session, offer.id, homes)).items():
            if count >= offer.per_household:
                spent.setdefault(who, "per_household")
    return spent


@cache
def _at_most(dialect: str) -> Select[*tuple[Any, ...]]:
    person = func.coalesce(Customer.merged_into, Customer.id)
    hers = [among(dialect, column, "ids") for column in (Customer.id, Customer.merged_into)]
    gone = Coupon.state.in_(("withdrawn", "declined"))
    return (
        select(person)
        .join(Coupon, Coupon.customer_id == Customer.id)
        .where(Coupon.offer_id == bindparam("offer"), ~gone, or_(*hers))
        .group_by(person)
        .having(func.count() >= bindparam("most"))
    )


def _why_not(offer: Offer, at: datetime) -> str | None:
    refusal = why_not_issued(offer, at)
    return of_offer(refusal.reason) if refusal else None
