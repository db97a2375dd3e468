"""Purchases and kept tiers as arrays: one statement per table, streamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Executable, cast, func, select
from sqlalchemy.ext.asyncio import AsyncResult, AsyncSession

from bot.domain.customers import Customer
from bot.domain.orders import Order, OrderEntry, OrderLine, Product
from bot.domain.tier_places import NOWHERE
from bot.domain.tiering import Habits, Ints, Purchases
from bot.domain.tiers import SHARES, TIERS, CustomerTier, PurchaseStats, TierRun
from bot.store.engine import is_sqlite

MONEY = ("paid", "refunded", "cancelled")
PART = 50_000


@dataclass(frozen=True, slots=True)
class KeptTiers:
    """What is written down already, sorted by customer."""

    customer: Ints
    tier: Ints
    share: Ints
    cells: Ints
    """Recency, frequency and monetary as one number of three digits."""
    score: np.ndarray[Any, np.dtype[np.float64]]
    rank: np.ndarray[Any, np.dtype[np.float64]]
    since: Ints

    def before(self, known: Habits) -> Ints:
        """The former place of everybody, or NOWHERE."""
        place, found = aligned(self.customer, known.customer)
        tiers = np.full(len(known.customer), NOWHERE)
        tiers[found] = self.tier[place[found]]
        return tiers


def seconds(session: AsyncSession, moment: Any) -> ColumnElement[int]:
    """A kept moment as seconds since the epoch."""
    if is_sqlite(session):
        return cast(func.strftime("%s", moment), BigInteger)
    return cast(func.floor(func.extract("epoch", moment)), BigInteger)


async def purchases(
    session: AsyncSession, *, before: datetime, customer_ids: Sequence[int] | None = None
) -> Purchases:
    at = seconds(session, OrderEntry.at)
    query = select(OrderEntry.customer_id, at, OrderEntry.amount_fen).where(
        OrderEntry.customer_id.is_not(None),
        OrderEntry.kind.in_(MONEY),
        OrderEntry.amount_fen != 0,
        OrderEntry.at < before,
    )
    if customer_ids is not None:
        query = query.where(OrderEntry.customer_id.in_(customer_ids))
    table = await numbers(session, query, columns=3)
    return Purchases(*table.T)


async def kept_tiers(
    session: AsyncSession, customer_ids: Sequence[int] | None = None
) -> KeptTiers:
    kept = CustomerTier
    cells = kept.recency * 100 + kept.frequency * 10 + kept.monetary
    whole = select(
        kept.customer_id, kept.tier, kept.share_class, cells, seconds(session, kept.since)
    )
    whole = whole.add_columns(kept.score, kept.rank).order_by(kept.customer_id)
    if customer_ids is not None:
        whole = whole.where(kept.customer_id.in_(customer_ids))
    ints: list[Ints] = [np.empty((0, 5), dtype=np.int64)]
    floats = [np.empty((0, 2))]
    result = await _streamed(session, whole)
    async for rows in result.partitions(PART):
        who, tiers, shares, cell, since, score, rank = zip(*rows, strict=True)
        places = [TIERS.index(name) for name in tiers], [SHARES.index(name) for name in shares]
        ints.append(np.array((who, *places, cell, since), dtype=np.int64).T)
        floats.append(np.array((score, rank), dtype=float).T)
    customers, tier, share, cells_kept, since_kept = np.concatenate(ints).T
    scores, ranks = np.concatenate(floats).T
    return KeptTiers(customers, tier, share, cells_kept, scores, ranks, since_kept)


async def kept_stats(session: AsyncSession, customer_ids: Sequence[int] | None = None) -> Ints:
    """Customer, last purchase, purchase days, orders and money, one row each."""
    kept = PurchaseStats
    query = select(
        kept.customer_id, seconds(session, kept.last_at), kept.days, kept.orders, kept.amount_fen
    ).order_by(kept.customer_id)
    if customer_ids is not None:
        query = query.where(kept.customer_id.in_(customer_ids))
    return await numbers(session, query, columns=5)


async def top_categories(
    session: AsyncSession, customer_ids: Sequence[int] | None = None
) -> dict[int, str]:
    """What each customer bought most pieces of."""
    category = func.coalesce(func.nullif(OrderLine.category, ""), Product.category)
    pieces = func.sum(OrderLine.quantity)
    query = (
        select(Order.customer_id, category)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
        .where(Order.customer_id.is_not(None), category != "")
        .group_by(Order.customer_id, category)
        .order_by(pieces, category.desc())
    )
    if customer_ids is not None:
        query = query.where(Order.customer_id.in_(customer_ids))
    result = await session.stream(query)
    return {row[0]: row[1] async for row in result}


async def last_run(session: AsyncSession) -> TierRun | None:
    query = select(TierRun).order_by(TierRun.as_of.desc(), TierRun.id.desc()).limit(1)
    return (await session.scalars(query)).first()


async def merged_away(session: AsyncSession) -> list[int]:
    """Records that still have a tier although they were folded into another one."""
    query = select(CustomerTier.customer_id).join(Customer)
    return list(await session.scalars(query.where(Customer.merged_into.is_not(None))))


async def more_entries_than(session: AsyncSession, number: int) -> bool:
    some = select(OrderEntry.id).limit(number + 1).subquery()
    return (await session.scalar(select(func.count()).select_from(some)) or 0) > number


async def numbers(session: AsyncSession, query: Executable, *, columns: int) -> Ints:
    result = await _streamed(session, query)
    parts = [
        np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, columns)
        async for rows in result.partitions(PART)
    ]
    return np.concatenate([np.empty((0, columns), dtype=np.int64), *parts])


async def _streamed(session: AsyncSession, query: Executable) -> AsyncResult[Any]:
    """Bare rows, without the ORM's work for each of a million."""
    await session.flush()
    return await (await session.connection()).stream(query)


def aligned(kept: Ints, wanted: Ints) -> tuple[Ints, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Where each wanted customer stands among the kept ones, and whether she does."""
    place = np.searchsorted(kept, wanted)
    found = place < len(kept)
    found[found] = kept[place[found]] == wanted[found]
    return place, found
