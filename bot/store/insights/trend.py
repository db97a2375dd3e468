"""Day by day: people who got a message, and what was sold."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.orders import Order
from bot.store.attribution import NET
from bot.store.insights.span import Span


class Day(NamedTuple):
    day: date
    reached: int
    """People to whom something was delivered."""
    sales_fen: int
    orders: int


async def trend(session: AsyncSession, span: Span) -> list[Day]:
    got = select(span.day_of(session, Touch.sent_at).label("day"), Touch.customer_id)
    got = got.where(Touch.state == "delivered", span.holds(Touch.sent_at))
    sold = select(span.day_of(session, Order.paid_at).label("day"), NET.label("fen"))
    sold = sold.where(span.holds(Order.paid_at), NET > 0)
    reached = await _by_day(session, got, lambda c: (func.count(distinct(c.customer_id)),))
    sales = await _by_day(session, sold, lambda c: (func.sum(c.fen), func.count()))
    return [
        Day(day, *reached.get(number, (0,)), *sales.get(number, (0, 0)))
        for number, day in enumerate(span.days)
    ]


async def _by_day(
    session: AsyncSession, rows: Select[*tuple[Any, ...]], counted: Any
) -> dict[int, tuple[int, ...]]:
    each = rows.subquery()
    query = select(each.c.day, *counted(each.c)).group_by(each.c.day)
    return {int(day): tuple(map(int, facts)) for day, *facts in await session.execute(query)}
