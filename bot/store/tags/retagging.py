"""Tags for how somebody buys, right after her order: one statement takes off, one puts on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Subquery,
    bindparam,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.mapping import Moment
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.tags import CATEGORY, CustomerTag, Tag, TagBook, TagGroup, TagRule, parts
from bot.domain.tags.rules import LONGEST
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.tags.buying import CUSTOMERS, Bound, Buying, bound
from bot.store.tags.kinds import category_of
from bot.store.tags.labels import add_to_group, ids_of
from bot.store.tags.stirring import stir

SOURCE = "purchase"


async def retag(
    session: AsyncSession,
    book: TagBook,
    now: datetime,
    customer_ids: Sequence[int],
) -> int:
    """Make the purchase tags of these few customers what the rules say now; how many came or went."""
    rules = book.bought()
    if not rules:
        return 0
    statements = _statements(book, dialect_of(session))
    values = {**bound(now, rules), "customers": customer_ids}
    await _open(session, book, statements.sold, values)
    ids = await ids_of(session, [rule.tag for rule in rules if rule.category != "*"])
    tags = {_tag(n): ids.get(rule.tag) for n, rule in enumerate(rules)}
    # Past the ORM, which would look at these two anew with every order.
    plain = await session.connection()
    changed = list((await plain.execute(statements.off, {**values, **tags})).scalars())
    changed += (await plain.execute(statements.on, {**values, **tags})).scalars()
    await stir(session, sorted(set(changed)))
    return len(changed)


async def open_categories(session: AsyncSession, book: TagBook) -> None:
    """A tag for every category that was ever bought, as far as it may be one."""
    await _open(session, book, {group: _sold(group) for group in _open_groups(book)}, {})


async def _open(
    session: AsyncSession, book: TagBook, sold: dict[str, Select[Any]], values: Bound
) -> None:
    for group, query in sold.items():
        names = [name for name in await session.scalars(query, values) if _fits(book, group, name)]
        if names:
            await add_to_group(session, group, names)


class _Statements(NamedTuple):
    sold: dict[str, Select[Any]]
    """Open group → categories that were bought and are no tag yet."""
    off: Executable
    on: Executable


@lru_cache
def _statements(book: TagBook, dialect: str) -> _Statements:
    """Built once: putting twenty rules together takes longer than running them for one buyer."""
    rules = book.bought()
    buying = Buying(book.utc_offset_hours, dialect == "sqlite")
    holds = buying.together(rules, [_tag(n) for n in range(len(rules))])
    groups = {parts(rule.tag)[0] for rule in rules}
    hers = Order.customer_id.in_(CUSTOMERS)
    sold = {group: _sold(group).where(hers) for group in _open_groups(book)}
    return _Statements(sold, _off(groups, holds), _on(holds, dialect))


def _open_groups(book: TagBook) -> list[str]:
    return sorted({parts(rule.tag)[0] for rule in book.bought() if rule.category == "*"})


def _tag(number: int) -> str:
    return f"tag_{number}"


def _off(groups: Collection[str], holds: Subquery) -> Executable:
    worn = table_of(CustomerTag).c
    tags = select(Tag.id).join(TagGroup).where(TagGroup.name.in_(groups), Tag.id.not_in(_BY_NIGHT))
    gone = delete(table_of(CustomerTag)).where(
        worn.source == SOURCE,
        worn.tag_id.in_(tags),
        tuple_(worn.customer_id, worn.tag_id).not_in(select(holds.c.customer_id, holds.c.tag_id)),
        worn.customer_id.in_(CUSTOMERS),
    )
    return gone.returning(worn.customer_id)


def _on(holds: Subquery, dialect: str) -> Executable:
    worn = table_of(CustomerTag).c
    known = exists().where(
        worn.customer_id == holds.c.customer_id,
        worn.tag_id == holds.c.tag_id,
        worn.source == SOURCE,
    )
    rows = select(
        holds.c.customer_id,
        holds.c.tag_id,
        literal(SOURCE),
        _evidence(dialect, rule=func.min(holds.c.rule), orders=func.max(holds.c.orders)),
        literal(1.0),
        bindparam("now", type_=Moment),
        literal("system:siyu"),
    )
    rows = rows.where(~known, holds.c.tag_id.not_in(_BY_NIGHT)).group_by(
        holds.c.customer_id, holds.c.tag_id
    )
    columns = ["customer_id", "tag_id", "source", "evidence", "confidence", "at", "by"]
    insert = upsert_in(dialect, table_of(CustomerTag)).from_select(columns, rows)
    new: Executable = insert.on_conflict_do_nothing().returning(worn.customer_id)
    return new


_FULL = TagGroup.name + "/"
_BY_NIGHT = (
    select(Tag.id)
    .join(TagGroup)
    .join(TagRule, TagRule.tag.in_((_FULL + Tag.name, _FULL + CATEGORY)))
    .where(TagRule.state == "published")
)
"""Tags with a rule that people made here: what the file says of them does not count."""


def _evidence(dialect: str, **facts: ColumnElement[Any]) -> ColumnElement[Any]:
    build = func.json_object if dialect == "sqlite" else func.jsonb_build_object
    pairs = [each for name, value in facts.items() for each in (literal(name), value)]
    return build(*pairs)


def _sold(group: str) -> Select[Any]:
    have = select(Tag.name).join(TagGroup).where(TagGroup.name == group)
    return (
        select(category_of())
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
        .where(category_of().not_in(have))
        .distinct()
    )


def _fits(book: TagBook, group: str, name: str) -> bool:
    plain = bool(name) and len(name) <= LONGEST and not set(name) & set("/ \t\n")
    return plain and book.too_precise(f"{group}/{name}") is None
