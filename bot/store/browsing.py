"""What people looked at, and who may now be told of a thing: again there, or fitting what they have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.browsing import (
    MATCH,
    MEMORY,
    MOST_SECONDS,
    MOST_TIMES,
    SEEN,
    Glance,
    Pairing,
)
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer
from bot.domain.journeys import Run
from bot.domain.mapping import Moment
from bot.domain.offers import SHOP_ZONE
from bot.domain.orders import Order, OrderLine, Product
from bot.store import consent
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.family import surviving

LOOK_BACK = timedelta(days=3)
"""A day on which nothing ran loses nobody; the cause of a run keeps it from beginning twice."""
YEAR = timedelta(days=365)


class Glimpse(NamedTuple):
    """One look at one thing."""

    of: str
    what: str
    seconds: int = 0
    times: int = 1
    """0 where it only tells that an earlier look lasted longer."""


async def looked(
    session: AsyncSession, customer_id: int, seen: Sequence[Glimpse], *, at: datetime
) -> bool:
    """False where she does not let us know her: then nothing is kept."""
    hers = await surviving(session, customer_id)
    if await consent.granted(session, hers, "profiling") is None:
        return False
    day = f"{at.astimezone(SHOP_ZONE):%Y-%m-%d}"
    rows = [one._asdict() | {"customer_id": hers, "day": day, "at": at} for one in seen]
    await session.execute(_noting(dialect_of(session)), rows)
    return True


@lru_cache
def _noting(dialect: str) -> Executable:
    table = table_of(Glance)
    row, kept = upsert_in(dialect, table), table.c
    new = row.excluded
    noting: Executable = row.on_conflict_do_update(
        index_elements=["customer_id", "of", "what", "day"],
        set_={
            "times": _at_most(kept.times + new.times, MOST_TIMES),
            "seconds": _at_most(kept.seconds + new.seconds, MOST_SECONDS),
            "at": case((new.at > kept.at, new.at), else_=kept.at),
        },
    )
    return noting


def _at_most(sum_: ColumnElement[int], most: int) -> ColumnElement[int]:
    return case((sum_ > most, most), else_=sum_)


async def forget_old(session: AsyncSession, now: datetime) -> None:
    await session.execute(delete(table_of(Glance)).where(table_of(Glance).c.at <= now - MEMORY))


class Begins(NamedTuple):
    """Somebody whose journey begins, why, and what it will speak of."""

    customer_id: int
    cause: str
    facts: dict[str, str]


async def back_in_stock(session: AsyncSession, now: datetime, *, most: int) -> list[Begins]:
    """Whoever looked at something of a series before it came in again, and lets us remember."""
    viewed, back, view = aliased(Product), aliased(Product), _last_views()
    came = func.max(back.restocked_at)
    allowed = select(ConsentState.customer_id).where(
        ConsentState.purpose == "profiling", ConsentState.granted
    )
    query = (
        select(view.customer_id, back.series, came)
        .join(viewed, viewed.sku == view.sku)
        .join(back, back.series == viewed.series)
        .join(Customer, Customer.id == view.customer_id)
        .where(
            back.series != "",
            back.stock > 0,
            back.restocked_at > now - LOOK_BACK,
            back.restocked_at <= now,
            view.at < back.restocked_at,
            view.at > now - MEMORY,
            Customer.merged_into.is_(None),
            view.customer_id.in_(allowed),
        )
        .group_by(view.customer_id, back.series)
        .order_by(view.customer_id, back.series)
        .limit(most)
    )
    return [
        Begins(who, f"series:{series}:{at:%Y-%m-%d}", {SEEN: series})
        for who, series, at in await session.execute(query)
    ]


def _last_views() -> Any:
    """When each of them looked at each thing last."""
    last = func.max(Glance.at, type_=Moment).label("at")
    views = select(Glance.customer_id, Glance.what.label("sku"), last).where(Glance.of == "item")
    return views.group_by(Glance.customer_id, Glance.what).subquery().c


async def fitting(
    session: AsyncSession, pairing: Pairing, now: datetime, *, most: int
) -> list[Begins]:
    """Buyers of the one kind alone, each with the newest thing of the other kind in her style that is there."""
    there = await _in_stock(session, pairing.lacking)
    if not there:
        return []
    styles = await _styles(session, pairing, now)
    return [
        Begins(who, f"pair:{pairing.key}:{goods.sku}", {MATCH: goods.name, "sku": goods.sku})
        for who, style in sorted(styles.items())
        if (goods := there.get(style))
    ][:most]


async def _in_stock(session: AsyncSession, categories: Collection[str]) -> dict[str, Product]:
    """By style, the one that was listed last."""
    query = (
        select(Product)
        .where(
            Product.category.in_(categories),
            Product.stock > 0,
            Product.style != "",
            Product.same_as.is_(None),
        )
        .order_by(Product.listed_at.nulls_first(), Product.sku)
    )
    return {product.style: product for product in await session.scalars(query)}


async def _styles(session: AsyncSession, pairing: Pairing, now: datetime) -> dict[int, str]:
    """The style that each of them bought most of within a year."""
    category = func.coalesce(func.nullif(OrderLine.category, ""), Product.category)
    kept: list[ColumnElement[bool]] = [
        Order.paid_at > now - YEAR,
        Order.paid_at <= now,
        Order.amount_fen > Order.refunded_fen,
    ]
    lines = (
        select(Order.customer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
    )
    has_other = lines.where(*kept, category.in_(pairing.lacking), Order.customer_id.is_not(None))
    often = func.count()
    query = (
        lines.add_columns(Product.style, often)
        .join(Customer, Customer.id == Order.customer_id)
        .where(
            *kept,
            category.in_(pairing.bought),
            Product.style != "",
            Customer.personalised,
            Customer.merged_into.is_(None),
            Order.customer_id.not_in(has_other),
        )
        .group_by(Order.customer_id, Product.style)
        .order_by(Order.customer_id, often, Product.style.desc())
    )
    return {who: style for who, style, _ in await session.execute(query)}


async def of_runs(session: AsyncSession, run_ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
    """What these runs brought along, without a thing that is not there any more."""
    if not run_ids:
        return {}
    rows = await session.execute(select(Run.id, Run.facts).where(Run.id.in_(run_ids)))
    found = {run: dict(facts) for run, facts in rows}
    return _still_there(found, await _stocked(session, found.values()))


async def _stocked(session: AsyncSession, facts: Iterable[Mapping[str, Any]]) -> set[str]:
    skus: Sequence[str] = sorted({str(one["sku"]) for one in facts if "sku" in one})
    if not skus:
        return set()
    query = select(Product.sku).where(Product.sku.in_(skus), Product.stock > 0)
    return set(await session.scalars(query))


def _still_there(
    found: dict[int, dict[str, Any]], stocked: Collection[str]
) -> dict[int, dict[str, Any]]:
    for facts in found.values():
        if facts.get("sku") not in stocked:
            facts.pop(MATCH, None)
    return found
