"""What is still open of hers, and keeps the last of her data: an order, a case, a coupon, a message on its way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.cases import Case
from bot.domain.cases.clocks import number
from bot.domain.delivery import Owed
from bot.domain.erasure import ORDER_OPEN_FOR
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Order

Block = dict[str, Any]
"""kind (order, case, coupon or sending), what it is called, and until when at most."""


async def blocks(session: AsyncSession, ids: Sequence[int], now: datetime) -> list[Block]:
    return [
        *await _orders(session, ids, now),
        *await _cases(session, ids),
        *await _coupons(session, ids, now),
        *await _sending(session, ids),
    ]


async def _orders(session: AsyncSession, ids: Sequence[int], now: datetime) -> list[Block]:
    query = select(Order.order_no, Order.paid_at).where(
        Order.customer_id.in_(ids),
        Order.state == "paid",
        Order.paid_at > now - ORDER_OPEN_FOR,
        Order.refunded_fen < Order.amount_fen,
    )
    rows = await session.execute(query.order_by(Order.paid_at))
    return [_block("order", no, paid + ORDER_OPEN_FOR if paid else None) for no, paid in rows]


async def _cases(session: AsyncSession, ids: Sequence[int]) -> list[Block]:
    query = select(Case).where(Case.customer_id.in_(ids), Case.state != "closed")
    return [_block("case", number(case)) for case in await session.scalars(query)]


async def _coupons(session: AsyncSession, ids: Sequence[int], now: datetime) -> list[Block]:
    query = (
        select(Offer.name, Coupon.expires_at)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.customer_id.in_(ids), Coupon.state == "held", Coupon.expires_at > now)
        .order_by(Coupon.expires_at)
    )
    return [_block("coupon", name, until) for name, until in await session.execute(query)]


async def _sending(session: AsyncSession, ids: Sequence[int]) -> list[Block]:
    flying = select(func.count(Touch.id)).where(
        Touch.customer_id.in_(ids), Touch.state.in_(("queued", "handed_over"))
    )
    owed = select(func.count(Owed.id)).where(
        Owed.customer_id.in_(ids), or_(Owed.state == "owed", Owed.state == "claimed")
    )
    many = (await session.scalar(flying) or 0) + (await session.scalar(owed) or 0)
    return [_block("sending", str(many))] if many else []


def _block(kind: str, what: str, until: datetime | None = None) -> Block:
    return {"kind": kind, "what": what, "until": until.isoformat() if until else None}
