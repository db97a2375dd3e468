"""What things usually cost: the middle price of each category, of what was bought within a year."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.orders import Order, OrderLine, Product, UsualPrice
from bot.store.engine import table_of
from bot.store.tags.kinds import category_of

LOOKED_AT = 200_000
"""Orders: the middle of so many is the middle of all."""
FEWEST = 20
"""A category of which less was sold has no usual price."""
YEAR = timedelta(days=365)
MONDAY = 0
Asked = Select[*tuple[Any, ...]]


async def to_learn(session: AsyncSession, now: datetime) -> bool:
    """What things usually cost changes slowly: once a week is enough, and once at first."""
    if now.weekday() == MONDAY:
        return True
    return await session.scalar(select(UsualPrice.category).limit(1)) is None


async def usual_prices(session: AsyncSession, now: datetime) -> list[tuple[str, int]]:
    inside = (Order.paid_at > now - YEAR, Order.paid_at <= now, Order.state != "cancelled")
    number = await session.scalar(select(func.count()).where(*inside)) or 0
    some = (*inside, Order.id % (number // LOOKED_AT + 1) == 0)
    pieces = (
        select(category_of(), OrderLine.amount_fen // OrderLine.quantity)
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
        .where(*some, OrderLine.quantity > 0, OrderLine.amount_fen > 0, category_of() != "")
    )
    whole = select(literal(""), Order.amount_fen - Order.refunded_fen).where(
        *some, Order.amount_fen > Order.refunded_fen
    )
    found = [(await session.execute(_middle(query))).all() for query in (pieces, whole)]
    return [(category, fen) for rows in found for category, fen in rows]


async def learn_prices(session: AsyncSession, prices: list[tuple[str, int]]) -> None:
    await session.execute(delete(table_of(UsualPrice)))
    if prices:
        rows = [{"category": category, "fen": fen} for category, fen in prices]
        await session.execute(insert(table_of(UsualPrice)), rows)


def _middle(query: Asked) -> Asked:
    """The lower of the two in the middle: a price that was really paid."""
    category, fen = query.selected_columns
    place: ColumnElement[int] = func.row_number().over(partition_by=category, order_by=fen)
    number = func.count().over(partition_by=category)
    each = query.with_only_columns(
        category.label("category"), fen.label("fen"), place.label("place"), number.label("number")
    ).subquery()
    middle = each.c.place == (each.c.number + 1) // 2
    return select(each.c.category, each.c.fen).where(middle, each.c.number >= FEWEST)
