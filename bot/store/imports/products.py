"""Products: the newest file tells names, categories and prices."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.imports import ProductRow
from bot.domain.orders import Product
from bot.store.engine import upsert


async def known_skus(session: AsyncSession, rows: Sequence[ProductRow]) -> dict[str, Product]:
    query = select(Product).where(Product.sku.in_([row.sku for row in rows]))
    return {product.sku: product for product in await session.scalars(query)}


async def write_products(session: AsyncSession, rows: Sequence[ProductRow]) -> None:
    statement = upsert(session, Product)
    told = {n: statement.excluded[n] for n in ("name", "category", "price_fen", "same_as")}
    await session.execute(
        statement.on_conflict_do_update(index_elements=["sku"], set_=told),
        [
            {
                "sku": row.sku,
                "name": row.name,
                "category": row.category,
                "price_fen": row.price,
                "same_as": row.same_as or None,
            }
            for row in rows
        ],
    )
