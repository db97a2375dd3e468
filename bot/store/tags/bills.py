"""Everybody's orders and what was in them, read from end to end for the rules about buying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.orders import OrderLine, Product
from bot.domain.tags import Bought, Tag, TagBook, TagGroup, parts
from bot.domain.tags.buyers import Bills
from bot.store import bulk
from bot.store.bulk import Array
from bot.store.engine import dialect_of
from bot.store.tags.buying import Buying, bound
from bot.store.tags.kinds import category_of, kinds_sold


async def bills_of(
    session: AsyncSession, book: TagBook, rules: Sequence[Bought], now: datetime
) -> Bills:
    buying = Buying(book.utc_offset_hours, dialect_of(session) == "sqlite", named=False)
    asked = buying.bills(tuple(rules))
    query = select(*asked.values()).params(bound(now, rules))
    told = dict(zip(asked, await bulk.read(session, query, "i" * len(asked)), strict=True))
    by_order = np.argsort(told["order"], kind="stable")
    told = {name: column[by_order] for name, column in told.items()}
    by_kind = any(rule.category is not None for rule in rules)
    kinds = await _kinds(session, told["order"]) if by_kind else {}
    return Bills(tuple(rules), told, kinds)


async def tags_of(session: AsyncSession, rule: Bought, tag_id: int) -> Mapping[str | None, int]:
    """The category that the rule asks for → the tag that tells of it: its own, or one of each category."""
    if rule.category != "*":
        return {rule.category: tag_id}
    group = select(Tag.name, Tag.id).join(TagGroup).where(TagGroup.name == parts(rule.tag)[0])
    return dict((await session.execute(group)).all())


async def _kinds(session: AsyncSession, orders: Array) -> dict[str, Array]:
    """Category → the places of those of these orders, sorted, that held something of it."""
    names, kinds = await kinds_sold(session)
    # Joined from the left, so that every database goes through the lines from end to end.
    query = (
        select(OrderLine.order_id, func.coalesce(kinds.c.place, 0))
        .select_from(OrderLine)
        .outerjoin(Product, Product.sku == OrderLine.sku)
        .outerjoin(kinds, kinds.c.name == category_of())
    )
    order, kind = await bulk.read(session, query, "ii")
    place = np.searchsorted(orders, order)
    known = (kind > 0) & (np.append(orders, -1)[place] == order)
    pairs = np.sort((kind[known] - 1) * len(orders) + place[known])
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # sorted already, `np.unique` would hash them
    edges = np.searchsorted(pairs, np.arange(len(names) + 1) * len(orders))
    return {name: pairs[edges[n] : edges[n + 1]] - n * len(orders) for n, name in enumerate(names)}
