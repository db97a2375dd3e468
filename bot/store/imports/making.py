"""Orders that nobody has heard of, written as columns: the order, its entries, its lines, its buyer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, partial
from itertools import chain
from operator import attrgetter
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
_AT, _PERSON, _ORDER_NO = attrgetter("at"), attrgetter("person"), attrgetter("order_no")
_STORE, _GUIDE = attrgetter("store"), attrgetter("guide")
ENTRY = ("order_id", "customer_id", "kind", "ref", "at", "amount_fen")
LINE = ("order_id", "ordinal", "sku", "name", "category", "quantity", "amount_fen")


async def make(
    session: AsyncSession, vault: Vault, groups: Sequence[Group], *, source: str
) -> int:
    """Returns how many customers are new."""
    firsts = [group[0] for group in groups]
    first_at = min(map(_AT, chain.from_iterable(groups)))
    met = await meet_many(session, vault, list(map(_PERSON, firsts)), source=source, at=first_at)
    known_stores = await stores(session, set(map(_STORE, firsts)) - {""})
    known_guides = await guides(session, set(map(_GUIDE, firsts)) - {""})
    told = list(map(_order, groups))
    columns = bulk.columns_of(("paid_at", "amount_fen", "refunded_fen", "state"), told)
    columns |= {
        "source": [source] * len(groups),
        "order_no": list(map(_ORDER_NO, firsts)),
        "customer_id": met.ids,
        "store_id": [known_stores.get(first.store) for first in firsts],
        "guide_id": [known_guides.get(first.guide) for first in firsts],
        "channel": [first.channel or None for first in firsts],
    }
    numbers = partial(_ids, session, columns["order_no"], source)
    ids = await bulk.add(session, Order, columns, numbers)
    await _write_parts(session, zip(groups, ids, met.ids, columns["paid_at"], strict=True))
    await have_bought(session, zip(groups, met.ids, strict=True), fresh=met.fresh)
    return met.new


async def _write_parts(
    session: AsyncSession, made: Iterable[tuple[Group, int, int, str | None]]
) -> None:
    found: list[Values] = []
    sold: list[Values] = []
    for group, order_id, owner, paid_at in made:
        first = group[0]
        if len(group) > 1 or paid_at is None:
            found += entries(group, order_id, owner)
        else:
            found.append((order_id, owner, first.kind, first.ref, paid_at, first.amount))
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


async def have_bought(
    session: AsyncSession,
    bought: Iterable[tuple[Group, int]],
    *,
    fresh: Collection[int] = (),
) -> None:
    """Buyers are active, and no longer only listening. Of those made just now nobody has to ask."""
    latest: dict[int, datetime] = {}
    for group, customer_id in bought:
        for row in group:
            if row.kind == "paid" and row.amount > 0:
                known = latest.get(customer_id)
                latest[customer_id] = row.at if known is None or known < row.at else known
    await _welcome(session, [(i, latest.pop(i)) for i in fresh if i in latest])
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


def _order(group: Group) -> Values:
    """When it was paid, how much, how much went back, and its state."""
    if len(group) == 1 and group[0].kind == "paid":
        return (bulk.moment(group[0].at), group[0].amount, 0, "paid")
    paid, refunded = paid_and_refunded(group)
    moments = [row.at for row in group if row.kind == "paid"]
    if not moments:
        return (None, paid, refunded, "awaited")
    return (bulk.moment(min(moments)), paid, refunded, "paid")


async def _welcome(session: AsyncSession, buyers: Sequence[tuple[int, datetime]]) -> None:
    """Whom we know by what they bought, and by nothing before."""
    told = [(customer_id, "buys", True, bulk.moment(at)) for customer_id, at in sorted(buyers)]
    if told:
        names = ("id", "stage", "stage_inferred", "last_active_at")
        await bulk.change(session, Customer, "id", bulk.columns_of(names, told))


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
