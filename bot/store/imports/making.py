"""Orders that nobody has heard of, written as columns: the order, its entries, its lines, its buyer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.imports import OrderRow, numbered, paid_and_refunded, worth_lines
from bot.domain.orders import Order, OrderEntry, OrderLine
from bot.store import bulk
from bot.store.engine import dialect_of, table_of
from bot.store.imports.people import meet_many
from bot.store.imports.places import guides, stores
from bot.store.orders import BEFORE_BUYING
from bot.store.vault import Vault

Group = Sequence[OrderRow]
Asked = Select[*tuple[Any, ...]]
Values = tuple[Any, ...]
ORDER = ("source", "order_no", "customer_id", "paid_at", "amount_fen", "refunded_fen", "state")
PLACE = ("store_id", "guide_id", "channel")
ENTRY = ("order_id", "customer_id", "kind", "ref", "at", "amount_fen")
LINE = ("order_id", "ordinal", "sku", "name", "category", "quantity", "amount_fen")


async def make(
    session: AsyncSession, vault: Vault, groups: Sequence[Group], *, source: str
) -> int:
    """Returns how many customers are new."""
    first_at = min(row.at for group in groups for row in group)
    people = [group[0].person for group in groups]
    met = await meet_many(session, vault, people, source=source, at=first_at)
    known_stores = await stores(session, {g[0].store for g in groups if g[0].store})
    known_guides = await guides(session, {g[0].guide for g in groups if g[0].guide})
    orders: list[Values] = []
    for group, owner in zip(groups, met.ids, strict=True):
        first = group[0]
        place = (known_stores.get(first.store), known_guides.get(first.guide))
        orders.append((source, *_order(group, owner), *place, first.channel or None))
    await bulk.append(session, Order, bulk.columns_of((*ORDER, *PLACE), orders))
    ids = await _ids(session, [group[0].order_no for group in groups], source)
    await _write_parts(session, zip(groups, ids, met.ids, strict=True))
    await have_bought(session, zip(groups, met.ids, strict=True))
    return met.new


async def _write_parts(session: AsyncSession, made: Iterable[tuple[Group, int, int]]) -> None:
    found: list[Values] = []
    sold: list[Values] = []
    for group, order_id, owner in made:
        found += entries(group, order_id, owner)
        if worth_lines(group):
            sold += lines(group, order_id)
    await bulk.append(session, OrderEntry, bulk.columns_of(ENTRY, found))
    await add_lines(session, sold)


async def add_lines(session: AsyncSession, sold: Sequence[Values]) -> None:
    if sold:
        await bulk.append(session, OrderLine, bulk.columns_of(LINE, sold))


def entries(rows: Group, order_id: int, customer_id: int | None) -> Iterator[Values]:
    """One entry per payment and per refund, however many lines it has."""
    if len(rows) == 1:
        row = rows[0]
        yield (order_id, customer_id, row.kind, row.ref, bulk.moment(row.at), row.amount)
        return
    told: dict[tuple[str, str], list[OrderRow]] = {}
    for row in rows:
        told.setdefault((row.kind, row.ref), []).append(row)
    for (kind, ref), same in told.items():
        at, amount = min(row.at for row in same), sum(row.amount for row in same)
        yield (order_id, customer_id, kind, ref, bulk.moment(at), amount)


def lines(rows: Group, order_id: int) -> Iterator[Values]:
    for ordinal, row in numbered(rows):
        yield (order_id, ordinal, row.sku, row.name, row.category, row.quantity, row.amount)


async def have_bought(session: AsyncSession, bought: Iterable[tuple[Group, int]]) -> None:
    """Buyers are active, and no longer only listening."""
    latest: dict[int, datetime] = {}
    for group, customer_id in bought:
        for row in group:
            if row.kind == "paid" and row.amount > 0:
                known = latest.get(customer_id)
                latest[customer_id] = row.at if known is None or known < row.at else known
    if not latest:
        return
    seen, promote = _buyers(dialect_of(session))
    everyone = (await session.execute(seen, {"among": list(latest)})).all()
    if young := [customer_id for customer_id, stage, _ in everyone if stage in BEFORE_BUYING]:
        await session.execute(promote, {"among": young})
    later = [
        (customer_id, bulk.moment(latest[customer_id]))
        for customer_id, _, at in everyone
        if at is None or at < latest[customer_id]
    ]
    if later:
        columns = bulk.columns_of(("id", "last_active_at"), later)
        await bulk.change(session, Customer, "id", columns)


def _order(group: Group, customer_id: int) -> Values:
    paid, refunded = paid_and_refunded(group)
    moments = [row.at for row in group if row.kind == "paid"]
    paid_at = bulk.moment(min(moments)) if moments else None
    state = "paid" if moments else "awaited"
    return (group[0].order_no, customer_id, paid_at, paid, refunded, state)


async def _ids(session: AsyncSession, order_nos: Sequence[str], source: str) -> list[int]:
    asked = {"among": order_nos, "source": source}
    rows = await session.execute(_numbers(dialect_of(session)), asked)
    found = dict(rows.all())
    return [found[order_no] for order_no in order_nos]


@cache
def _numbers(dialect: str) -> Select[str, int]:
    ours = (Order.source == bindparam("source"), bulk.among(dialect, Order.order_no, "among"))
    return select(Order.order_no, Order.id).where(*ours)


@cache
def _buyers(dialect: str) -> tuple[Asked, Executable]:
    """How far these customers have come, and the step of those who had not bought."""
    customer = table_of(Customer).c
    these = bulk.among(dialect, customer.id, "among")
    seen = select(Customer.id, Customer.stage, Customer.last_active_at).where(these)
    young = customer.stage.in_(BEFORE_BUYING)
    promote = update(table_of(Customer)).where(these, young)
    return seen, promote.values(stage="buys", stage_inferred=customer.stage != BEFORE_BUYING[-1])
