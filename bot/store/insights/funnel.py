"""The way of what was sent: handed over, delivered, opened, redeemed, bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Attribution, Touch
from bot.domain.offers import Coupon, Redemption
from bot.domain.orders import Order
from bot.store.attribution import NET
from bot.store.insights.span import Span
from bot.store.proof import HANDED

STAGES = ("handed", "delivered", "opened", "redeemed", "ordered")


@dataclass(frozen=True, slots=True)
class Funnel:
    """People by stage; each counted once, however many messages she got."""

    people: dict[str, int]
    sales_fen: int
    """Of orders that are owed to these messages, net of what came back."""

    def share(self, stage: str) -> float | None:
        """Of the stage before; what was bought, of those who got a message."""
        place = STAGES.index(stage)
        whole = self.people["delivered" if stage == "ordered" else STAGES[max(place - 1, 0)]]
        return self.people[stage] / whole if whole and place else None


def touched(stage: str, *asked: ColumnElement[bool]) -> Select[Any]:
    """The customers who got that far with a message that was due in the span, or fits what is asked."""
    query = select(Touch.customer_id).where(Touch.state.in_(HANDED), *asked)
    match stage:
        case "delivered":
            return query.where(Touch.state == "delivered")
        case "opened":
            return query.where(Touch.opened_at.is_not(None))
        case "redeemed":
            used = query.join(Coupon, Coupon.touch_id == Touch.id)
            return used.join(Redemption, Redemption.live == Coupon.id)
        case "ordered":
            bought = query.join(Attribution, Attribution.touch_id == Touch.id)
            return bought.join(Order, Order.id == Attribution.order_id).where(NET > 0)
    return query


async def funnel(session: AsyncSession, span: Span, *asked: ColumnElement[bool]) -> Funnel:
    fits = (span.holds(Touch.due_at), *asked)
    people = {}
    for stage in STAGES:
        who = touched(stage, *fits).subquery()
        query = select(func.count(distinct(who.c.customer_id)))
        people[stage] = int(await session.scalar(query) or 0)
    owed = touched("ordered", *fits).with_only_columns(func.coalesce(func.sum(NET), 0))
    return Funnel(people, int(await session.scalar(owed) or 0))
