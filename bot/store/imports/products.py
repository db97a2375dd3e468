"""Products: the newest file tells names, categories and prices; another name of a product is filed as that product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Update, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.imports import ProductRow
from bot.domain.orders import Product
from bot.store.engine import table_of, upsert


async def known_skus(session: AsyncSession, rows: Sequence[ProductRow]) -> dict[str, Product]:
    query = select(Product).where(Product.sku.in_([row.sku for row in rows]))
    return {product.sku: product for product in await session.scalars(query)}


async def write_products(session: AsyncSession, rows: Sequence[ProductRow], now: datetime) -> None:
    statement = upsert(session, Product)
    told = {n: statement.excluded[n] for n in ("name", "category", "price_fen", "same_as")}
    # A file without such a column takes nothing away.
    told["listed_at"] = func.coalesce(statement.excluded.listed_at, Product.listed_at)
    told["stock"] = func.coalesce(statement.excluded.stock, Product.stock)
    for name in ("style", "series"):
        said, known = statement.excluded[name], getattr(Product, name)
        told[name] = func.coalesce(func.nullif(said, ""), known)
    again = (statement.excluded.stock > 0) & (Product.stock == 0)
    told["restocked_at"] = case((again, now), else_=Product.restocked_at)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["sku"], set_=told),
        [
            {
                "sku": row.sku,
                "name": row.name,
                "category": row.category,
                "price_fen": row.price,
                "listed_at": row.listed_at,
                "same_as": row.same_as or None,
                "style": row.style,
                "series": row.series,
                "stock": row.stock,
                "restocked_at": now if row.stock else None,
            }
            for row in rows
        ],
    )
    for follow in _aliases():
        await session.execute(follow)


@cache
def _aliases() -> tuple[Update, Update]:
    """A name of a name is a name of the product; whoever asks for a category need not know of names at all.
    The product may come in a later file than its names, so all of them are looked at."""
    product, main = table_of(Product), table_of(Product).alias("main")
    named = select(main).where(main.c.sku == product.c.same_as).correlate(product)

    def of_main(column: str) -> object:
        return named.with_only_columns(main.c[column]).scalar_subquery()

    chained = named.where(main.c.same_as.is_not(None), main.c.same_as != product.c.sku).exists()
    filed = named.where(main.c.category != "").exists()
    price = func.coalesce(func.nullif(product.c.price_fen, 0), of_main("price_fen"))
    listed = func.coalesce(product.c.listed_at, of_main("listed_at"))
    return (
        update(product).where(chained).values(same_as=of_main("same_as")),
        update(product)
        .where(filed)
        .values(category=of_main("category"), price_fen=price, listed_at=listed),
    )
