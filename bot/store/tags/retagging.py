"""Tags for how people buy, for everybody at once: one statement takes off, one puts on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Subquery,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.tags import CustomerTag, Tag, TagBook, TagGroup, parts
from bot.domain.tags.book import LONGEST
from bot.store.engine import is_sqlite, upsert
from bot.store.tags.buying import Buying, among, category_of
from bot.store.tags.labels import add_to_group, ids_of, publish
from bot.store.tags.stirring import stir

SOURCE = "purchase"


async def retag(
    session: AsyncSession,
    book: TagBook,
    now: datetime,
    customer_ids: Sequence[int] | None = None,
) -> int:
    """Make the purchase tags of these customers (or of all) what the rules say now; how many came or went."""
    if customer_ids is None:
        await publish(session, book)
    await _open_categories(session, book, customer_ids)
    rules = book.bought()
    if not rules:
        return 0
    ids = await ids_of(session, [rule.tag for rule in rules if rule.category != "*"])
    buying = Buying(now, book.utc_offset_hours, customer_ids, sqlite=is_sqlite(session))
    holds = union_all(*[buying.holds(rule, ids.get(rule.tag)) for rule in rules]).subquery()
    groups = {parts(rule.tag)[0] for rule in rules}
    changed = [
        *await _remove(session, groups, holds, customer_ids),
        *await _add(session, holds, now),
    ]
    await stir(session, sorted(set(changed)))
    return len(changed)


async def newest_customer(session: AsyncSession) -> int:
    return await session.scalar(select(func.max(Customer.id))) or 0


async def _remove(
    session: AsyncSession,
    groups: Collection[str],
    holds: Subquery,
    customer_ids: Sequence[int] | None,
) -> Sequence[int]:
    tags = select(Tag.id).join(TagGroup).where(TagGroup.name.in_(groups))
    pair = tuple_(CustomerTag.customer_id, CustomerTag.tag_id)
    gone = delete(CustomerTag).where(
        CustomerTag.source == SOURCE,
        CustomerTag.tag_id.in_(tags),
        pair.not_in(select(holds.c.customer_id, holds.c.tag_id)),
    )
    if customer_ids is not None:
        gone = gone.where(among(CustomerTag.customer_id, customer_ids))
    gone = gone.execution_options(synchronize_session=False)
    return (await session.scalars(gone.returning(CustomerTag.customer_id))).all()


async def _add(session: AsyncSession, holds: Subquery, now: datetime) -> Sequence[int]:
    known = exists().where(
        CustomerTag.customer_id == holds.c.customer_id,
        CustomerTag.tag_id == holds.c.tag_id,
        CustomerTag.source == SOURCE,
    )
    rows = select(
        holds.c.customer_id,
        holds.c.tag_id,
        literal(SOURCE),
        _evidence(session, rule=func.min(holds.c.rule), orders=func.max(holds.c.orders)),
        literal(1.0),
        literal(now, CustomerTag.at.type),
        literal("system:siyu"),
    )
    rows = rows.where(~known).group_by(holds.c.customer_id, holds.c.tag_id)
    columns = ["customer_id", "tag_id", "source", "evidence", "confidence", "at", "by"]
    new = upsert(session, CustomerTag).from_select(columns, rows).on_conflict_do_nothing()
    return (await session.scalars(new.returning(CustomerTag.customer_id))).all()


def _evidence(session: AsyncSession, **facts: ColumnElement[Any]) -> ColumnElement[Any]:
    build = func.json_object if is_sqlite(session) else func.jsonb_build_object
    pairs = [each for name, value in facts.items() for each in (literal(name), value)]
    return build(*pairs)


async def _open_categories(
    session: AsyncSession, book: TagBook, customer_ids: Sequence[int] | None
) -> None:
    """A tag for every category that was ever bought, as far as it may be one."""
    groups = {parts(rule.tag)[0] for rule in book.bought() if rule.category == "*"}
    for group in groups:
        have = select(Tag.name).join(TagGroup).where(TagGroup.name == group)
        sold = (
            select(category_of())
            .select_from(OrderLine)
            .outerjoin(Product, Product.sku == OrderLine.sku)
            .where(category_of().not_in(have))
            .distinct()
        )
        if customer_ids is not None:
            sold = sold.join(Order, Order.id == OrderLine.order_id).where(
                among(Order.customer_id, customer_ids)
            )
        names = [name for name in await session.scalars(sold) if _fits(book, group, name)]
        await add_to_group(session, group, names)


def _fits(book: TagBook, group: str, name: str) -> bool:
    plain = bool(name) and len(name) <= LONGEST and not set(name) & set("/ \t\n")
    return plain and book.too_precise(f"{group}/{name}") is None
