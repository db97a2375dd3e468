"""Purchases and kept tiers as arrays: one statement per table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Select, case, func, select, true
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.orders import Order, OrderEntry, OrderLine, Product
from bot.domain.tags import CustomerTag, Tag, TagGroup
from bot.domain.tier_places import NOWHERE
from bot.domain.tiering import Habits, Ints, Purchases
from bot.domain.tiers import SHARES, TIERS, CustomerTier, PurchaseStats, TierRun
from bot.store import bulk
from bot.store.bulk import seconds
from bot.store.engine import dialect_of
from bot.store.tags.kinds import category_of, kinds_sold
from bot.store.tags.labels import alive

MONEY = ("paid", "refunded", "cancelled")
FEW = 500
CATEGORY = category_of()
Only = Sequence[int] | Ints | None
"""Everybody, or these."""


@dataclass(frozen=True, slots=True)
class KeptTiers:
    """What is written down already, sorted by customer."""

    customer: Ints
    tier: Ints
    share: Ints
    cells: Ints
    """Recency, frequency, monetary and star as one number of four digits."""
    since: Ints
    score: np.ndarray[Any, np.dtype[np.float64]]
    rank: np.ndarray[Any, np.dtype[np.float64]]

    def before(self, known: Habits) -> Ints:
        """The former place of everybody, or NOWHERE."""
        place, found = aligned(self.customer, known.customer)
        tiers = np.full(len(known.customer), NOWHERE)
        tiers[found] = self.tier[place[found]]
        return tiers


async def purchases(session: AsyncSession, *, before: datetime, only: Only = None) -> Purchases:
    query = _purchases(dialect_of(session), before, everybody=only is None)
    if only is not None:
        query = query.where(_only(OrderEntry.customer_id, only))
    return Purchases(*await _read(session, query, "iii", only))


# In a young shop every order asks these of everybody: they are built once, and spelt once.
@lru_cache(maxsize=8)
def _purchases(dialect: str, before: datetime, *, everybody: bool) -> Select[int, int, int]:
    whose = bulk.scanned(OrderEntry.customer_id) if everybody else OrderEntry.customer_id
    at = bulk.seconds_in(dialect, OrderEntry.at)
    return select(whose, at, OrderEntry.amount_fen).where(
        whose.is_not(None),
        OrderEntry.kind.in_(MONEY),
        OrderEntry.amount_fen != 0,
        OrderEntry.at < before,
    )


@lru_cache
def _tiers(dialect: str) -> Select[*tuple[Any, ...]]:
    kept = CustomerTier
    cells = kept.recency * 1000 + kept.frequency * 100 + kept.monetary * 10 + kept.star
    tier, share = _place(kept.tier, TIERS), _place(kept.share_class, SHARES)
    since = bulk.seconds_in(dialect, kept.since)
    return select(kept.customer_id, tier, share, cells, since, kept.score, kept.rank)


async def kept_tiers(session: AsyncSession, only: Only = None) -> KeptTiers:
    query = _tiers(dialect_of(session))
    if only is not None:
        query = query.where(_only(CustomerTier.customer_id, only))
    found = await _read(session, query, "iiiiiff", only)
    order = np.argsort(found[0], kind="stable")
    return KeptTiers(*(column[order] for column in found))


async def kept_stats(session: AsyncSession, only: Only = None) -> Ints:
    """Customer, last purchase, purchase days, orders and money, one row each."""
    kept = PurchaseStats
    query = select(
        kept.customer_id, seconds(session, kept.last_at), kept.days, kept.orders, kept.amount_fen
    )
    found = np.stack(
        await _read(session, query.where(_only(kept.customer_id, only)), "iiiii", only)
    )
    rows: Ints = found[:, np.argsort(found[0], kind="stable")].T
    return rows


async def interests(session: AsyncSession, group: str, now: datetime, only: Only = None) -> Ints:
    """Customer and number of her tags in this group, sorted by customer."""
    query = (
        select(CustomerTag.customer_id, func.count(CustomerTag.tag_id.distinct()))
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .where(TagGroup.name == group, alive(now), _only(CustomerTag.customer_id, only))
        .group_by(CustomerTag.customer_id)
    )
    found = np.stack(await _read(session, query, "ii", only))
    rows: Ints = found[:, np.argsort(found[0], kind="stable")].T
    return rows


async def top_categories(session: AsyncSession, only: Only = None) -> dict[int, str]:
    """What each customer bought most pieces of."""
    if only is None:
        return await _top_categories_of_all(session)
    by_pieces = func.row_number().over(
        partition_by=Order.customer_id, order_by=(func.sum(OrderLine.quantity).desc(), CATEGORY)
    )
    each = (
        select(Order.customer_id, CATEGORY.label("category"), by_pieces.label("place"))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
        .where(Order.customer_id.is_not(None), CATEGORY != "", _only(Order.customer_id, only))
        .group_by(Order.customer_id, CATEGORY)
        .subquery()
    )
    best = select(each.c.customer_id, each.c.category).where(each.c.place == 1)
    return dict((await session.execute(best)).all())


async def _top_categories_of_all(session: AsyncSession) -> dict[int, str]:
    """The same for everybody: every line once, and summed as columns. A database sorts them twice, on disk."""
    names, kinds = await kinds_sold(session)
    # Joined from the left, so that every database begins with the lines, and goes through them from end to end.
    query = (
        select(
            func.coalesce(Order.customer_id, 0),
            func.coalesce(kinds.c.place, 0),
            OrderLine.quantity,
        )
        .select_from(OrderLine)
        .outerjoin(Order, Order.id == OrderLine.order_id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
        .outerjoin(kinds, kinds.c.name == CATEGORY)
    )
    who, kind, pieces = await bulk.read(session, query, "iii")
    told = (who > 0) & (kind > 0)
    who, kind = _most(who[told], kind[told], pieces[told], len(names))
    return {one: names[kind - 1] for one, kind in zip(who.tolist(), kind.tolist(), strict=True)}


def _most(who: Ints, kind: Ints, pieces: Ints, kinds: int) -> tuple[Ints, Ints]:
    """Of each customer the kind of most pieces; of several, the first."""
    key = who * (kinds + 1) + kind
    order = np.argsort(key, kind="stable")
    key, pieces = key[order], pieces[order]
    starts = np.flatnonzero(np.r_[True, np.diff(key) != 0][: len(key)])
    total = np.add.reduceat(pieces, starts) if len(starts) else pieces
    who, kind = np.divmod(key[starts], kinds + 1)
    best = np.lexsort((kind, -total, who))
    first = best[np.r_[True, np.diff(who[best]) != 0][: len(best)]]
    return who[first], kind[first]


async def piece_prices(session: AsyncSession, before: datetime, only: Only) -> Ints:
    """Customer and what a piece cost her on average, in fen; whoever's orders name no goods is left out."""
    pieces = func.sum(OrderLine.quantity)
    query = (
        select(Order.customer_id, as_type(func.sum(OrderLine.amount_fen), BigInteger), pieces)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.paid_at < before, OrderLine.amount_fen > 0, _only(Order.customer_id, only))
        .group_by(Order.customer_id)
        .having(pieces > 0)
    )
    who, spent, number = await _read(session, query, "iii", only)
    order = np.argsort(who, kind="stable")
    found: Ints = np.stack((who[order], spent[order] // np.maximum(number[order], 1)))
    return found


async def last_run(session: AsyncSession) -> TierRun | None:
    query = select(TierRun).order_by(TierRun.as_of.desc(), TierRun.id.desc()).limit(1)
    return (await session.scalars(query)).first()


async def merged_away(session: AsyncSession) -> list[int]:
    """Records that still have a tier although they were folded into another one."""
    query = select(CustomerTier.customer_id).join(Customer)
    return list(await session.scalars(query.where(Customer.merged_into.is_not(None))))


async def newest_entry(session: AsyncSession) -> int:
    return (await session.scalar(select(func.max(OrderEntry.id)))) or 0


async def buyers_since(session: AsyncSession, entry_id: int) -> list[int]:
    """Whose money moved after this entry was written."""
    query = select(OrderEntry.customer_id).where(OrderEntry.id > entry_id).distinct()
    return [customer_id for customer_id in await session.scalars(query) if customer_id]


async def more_entries_than(session: AsyncSession, number: int) -> bool:
    some = select(OrderEntry.id).limit(number + 1).subquery()
    return (await session.scalar(select(func.count()).select_from(some)) or 0) > number


def aligned(kept: Ints, wanted: Ints) -> tuple[Ints, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Where each wanted customer stands among the kept ones, and whether she does."""
    place = np.searchsorted(kept, wanted)
    found = place < len(kept)
    found[found] = kept[place[found]] == wanted[found]
    return place, found


async def _read(
    session: AsyncSession, query: Select[*tuple[Any, ...]], kinds: str, only: Only
) -> list[Any]:
    """For a few customers a statement that is kept compiled is quicker than columns past the ORM."""
    if only is None or len(only) > FEW:
        return await bulk.read(session, query, kinds)
    rows = (await session.execute(query)).all()
    columns = zip(*rows, strict=True) if rows else ((),) * len(kinds)
    return [np.array(c, dtype=f"{k}8") for c, k in zip(columns, kinds, strict=True)]


def _place(column: Any, names: Sequence[str]) -> ColumnElement[int]:
    return case(*((column == name, place) for place, name in enumerate(names)), else_=NOWHERE)


def _only(column: Any, only: Only) -> ColumnElement[bool]:
    ids = None if only is None else [int(one) for one in only]
    return true() if ids is None else column.in_(ids)
