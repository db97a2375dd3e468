"""Categories by number, so that what was sold can be read as columns."""

from __future__ import annotations

from sqlalchemy import CTE, ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.orders import OrderLine, Product


def category_of() -> ColumnElement[str]:
    """As the order says, else as the product is filed."""
    return func.coalesce(func.nullif(OrderLine.category, ""), Product.category, "")


async def kinds_sold(session: AsyncSession) -> tuple[list[str], CTE]:
    """The names of all categories, and (name, place) of each, beginning with 1."""
    filed = select(Product.category.label("name")).where(Product.category != "")
    sold = select(OrderLine.category.label("name")).where(OrderLine.category != "")
    each = filed.union(sold).subquery()
    place = func.row_number().over(order_by=each.c.name).label("place")
    kinds = select(each.c.name, place).cte("kinds").prefix_with("MATERIALIZED")
    names = await session.scalars(select(kinds.c.name).order_by(kinds.c.place))
    return list(names), kinds
