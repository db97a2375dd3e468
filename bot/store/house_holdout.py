"""What all campaigns and journeys together bring: customers whom some may reach, against those whom none does."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import experiments
from bot.domain.consent import MARKETING, ConsentState
from bot.domain.customers import Customer
from bot.domain.experiments import Arm, Lift
from bot.domain.orders import Order
from bot.domain.quotas import HouseHoldout
from bot.store.insights.span import Span


async def lift(session: AsyncSession, holdout: HouseHoldout, span: Span) -> Lift:
    """Revenue per customer who lets us advertise; both arms were drawn from the same people by the same lot."""
    agreed = (
        select(ConsentState.customer_id)
        .join(Customer, Customer.id == ConsentState.customer_id)
        .where(
            ConsentState.purpose.in_(MARKETING),
            ConsentState.granted,
            Customer.merged_into.is_(None),
        )
        .distinct()
    )
    person = func.coalesce(Customer.merged_into, Customer.id)
    spent = (
        select(person, func.sum(Order.amount_fen - Order.refunded_fen))
        .join(Customer, Customer.id == Order.customer_id)
        .where(span.holds(Order.paid_at), Order.amount_fen > Order.refunded_fen)
        .group_by(person)
    )
    fen = {who: float(total) for who, total in await session.execute(spent)}
    reached, kept = list[float](), list[float]()
    for who in await session.scalars(agreed):
        (kept if holdout.keeps(who) else reached).append(fen.get(who, 0.0))
    return experiments.lift([(_arm(reached), _arm(kept))])


def _arm(fen: list[float]) -> Arm:
    return Arm(len(fen), sum(fen), sum(one * one for one in fen))
