"""Of those who first bought in a month, how many came again in each month after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.orders import Order
from bot.domain.tiers import PurchaseStats
from bot.store.attribution import NET
from bot.store.insights.span import slot


@dataclass(frozen=True, slots=True)
class Cohort:
    month: datetime
    """Its first moment."""
    people: int
    again: list[int]
    """How many bought in the first, second, … month after; the present one is not over."""


def months(now: datetime, count: int) -> list[datetime]:
    """The first moments of so many months and of the one after, in the zone of `now`."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    number = first.year * 12 + first.month - 1
    return [
        first.replace(year=one // 12, month=one % 12 + 1)
        for one in range(number - count + 1, number + 2)
    ]


def bought_again(bounds: Sequence[datetime]) -> Select[*tuple[Any, ...]]:
    """(customer_id, month of the first purchase, month of a purchase), one row per order."""
    return (
        select(
            PurchaseStats.customer_id.label("customer_id"),
            slot(PurchaseStats.first_at, bounds).label("first"),
            slot(Order.paid_at, bounds).label("later"),
        )
        .join(Order, Order.customer_id == PurchaseStats.customer_id)
        .where(
            PurchaseStats.first_at >= bounds[0],
            Order.paid_at >= bounds[0],
            Order.paid_at < bounds[-1],
            NET > 0,
        )
    )


async def cohorts(session: AsyncSession, now: datetime, count: int = 8) -> list[Cohort]:
    """`now` in the shop's zone: months are its months."""
    bounds = months(now, count)
    each = bought_again(bounds).subquery()
    rows = await session.execute(
        select(each.c.first, each.c.later, func.count(distinct(each.c.customer_id))).group_by(
            each.c.first, each.c.later
        )
    )
    found = {(first, later): people for first, later, people in rows}
    return [
        Cohort(
            bounds[number],
            found.get((number, number), 0),
            [found.get((number, later), 0) for later in range(number + 1, count)],
        )
        for number in range(count)
    ]
