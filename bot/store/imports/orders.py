"""Orders of a file: what is new, what is known, and writing the difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Guide, Store
from bot.domain.imports import (
    KnownOrder,
    OrderRow,
    missing,
    numbered,
    paid_and_refunded,
    worth_lines,
)
from bot.domain.orders import Order, OrderEntry, OrderLine
from bot.store.engine import upsert
from bot.store.imports.people import meet_many, table_of, update_rows
from bot.store.orders import BEFORE_BUYING, store_id
from bot.store.vault import Vault

Group = Sequence[OrderRow]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One order of the file beside what is known of it."""

    rows: Group
    known: KnownOrder | None
    lacking: list[OrderRow] | None
    """Rows to add; None when file and database contradict each other."""

    @property
    def new(self) -> bool:
        return self.known is None


async def judge(session: AsyncSession, groups: Sequence[Group], *, source: str) -> list[Verdict]:
    """Reads only: a dry run ends here."""
    known = await _known(session, [group[0].order_no for group in groups], source)
    verdicts = []
    for group in groups:
        found = known.get(group[0].order_no)
        lacking = list(group) if found is None else missing(group, found)
        verdicts.append(Verdict(group, found, lacking))
    return verdicts


async def write(
    session: AsyncSession, vault: Vault, verdicts: Sequence[Verdict], *, source: str
) -> int:
    """Add what is lacking; returns how many customers are new."""
    new = [verdict.rows for verdict in verdicts if verdict.new]
    met = await _write_new(session, vault, new, source=source) if new else 0
    for verdict in verdicts:
        if verdict.known is not None and verdict.lacking is not None:
            await _extend(session, verdict.known, verdict.rows, verdict.lacking)
    return met


async def _known(
    session: AsyncSession, numbers: Sequence[str], source: str
) -> dict[str, KnownOrder]:
    query = select(Order.order_no, Order.id, Order.amount_fen, Order.refunded_fen)
    rows = await session.execute(query.where(Order.source == source, Order.order_no.in_(numbers)))
    found = {number: KnownOrder(order_id, paid, back) for number, order_id, paid, back in rows}
    by_id = {known.id: known for known in found.values()}
    if not by_id:
        return found
    entries = select(OrderEntry.order_id, OrderEntry.kind, OrderEntry.ref, OrderEntry.amount_fen)
    money = OrderEntry.kind.in_(("paid", "refunded"))
    for order_id, kind, ref, amount in await session.execute(
        entries.where(OrderEntry.order_id.in_(by_id), money)
    ):
        by_id[order_id].entries.append((kind, ref, amount))
    lines = select(OrderLine.order_id, OrderLine.ordinal)
    for order_id, ordinal in await session.execute(lines.where(OrderLine.order_id.in_(by_id))):
        by_id[order_id].ordinals.add(ordinal)
    return found


async def _write_new(
    session: AsyncSession, vault: Vault, groups: Sequence[Group], *, source: str
) -> int:
    first_at = min(row.at for group in groups for row in group)
    people = [group[0].person for group in groups]
    met = await meet_many(session, vault, people, source=source, at=first_at)
    stores = await _stores(session, {row.store for group in groups for row in group if row.store})
    guides = await _guides(session, {row.guide for group in groups for row in group if row.guide})
    orders = [
        _order(group, customer_id, source)
        | {"store_id": stores.get(group[0].store), "guide_id": guides.get(group[0].guide)}
        for group, customer_id in zip(groups, met.ids, strict=True)
    ]
    await session.execute(upsert(session, table_of(Order)).on_conflict_do_nothing(), orders)
    numbers = [group[0].order_no for group in groups]
    found = await session.execute(
        select(Order.order_no, Order.id).where(Order.source == source, Order.order_no.in_(numbers))
    )
    ids = {order_no: order_id for order_no, order_id in found}  # noqa: C416 - rows are no pairs to mypy
    entries: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for group, customer_id in zip(groups, met.ids, strict=True):
        order_id = ids[group[0].order_no]
        entries += _entries(group, order_id, customer_id)
        lines += _lines(group, order_id) if worth_lines(group) else ()
    await session.execute(upsert(session, table_of(OrderEntry)).on_conflict_do_nothing(), entries)
    if lines:
        await session.execute(upsert(session, table_of(OrderLine)).on_conflict_do_nothing(), lines)
    await _have_bought(session, groups, met.ids)
    return met.new


def _order(group: Group, customer_id: int, source: str) -> dict[str, Any]:
    paid, refunded = paid_and_refunded(group)
    moments = [row.at for row in group if row.kind == "paid"]
    return {
        "source": source,
        "order_no": group[0].order_no,
        "customer_id": customer_id,
        "paid_at": min(moments, default=None),
        "amount_fen": paid,
        "refunded_fen": refunded,
        "state": "paid" if moments else "awaited",
        "channel": group[0].channel or None,
    }


def _entries(rows: Iterable[OrderRow], order_id: int, customer_id: int) -> list[dict[str, Any]]:
    """One entry per payment and per refund, however many lines it has."""
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        made = {"order_id": order_id, "customer_id": customer_id, "kind": row.kind}
        made |= {"ref": row.ref, "at": row.at, "amount_fen": 0}
        entry = entries.setdefault((row.kind, row.ref), made)
        entry["amount_fen"] += row.amount
        entry["at"] = min(entry["at"], row.at)
    return list(entries.values())


def _lines(rows: Group, order_id: int) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id,
            "ordinal": ordinal,
            "sku": row.sku,
            "name": row.name,
            "category": row.category,
            "quantity": row.quantity,
            "amount_fen": row.amount,
        }
        for ordinal, row in numbered(rows)
    ]


async def _extend(
    session: AsyncSession, known: KnownOrder, rows: Group, lacking: list[OrderRow]
) -> None:
    if worth_lines(rows) and (lacking or not known.ordinals):
        statement = upsert(session, table_of(OrderLine)).on_conflict_do_nothing()
        await session.execute(statement, _lines(rows, known.id))
    if not lacking:
        return
    order = await session.get_one(Order, known.id, populate_existing=True)
    paid, refunded = paid_and_refunded(lacking)
    order.amount_fen += paid
    order.refunded_fen += refunded
    moments = [row.at for row in lacking if row.kind == "paid"]
    if moments and order.paid_at is None:
        order.paid_at, order.state = min(moments), "paid"
    entry_keys = {(kind, ref) for kind, ref, _ in known.entries}
    for entry in _entries(lacking, known.id, order.customer_id or 0):
        entry["customer_id"] = order.customer_id
        if (entry["kind"], entry["ref"]) not in entry_keys:
            await session.execute(insert(OrderEntry), [entry])
            continue
        await session.execute(
            update(OrderEntry)
            .where(
                OrderEntry.order_id == known.id,
                OrderEntry.kind == entry["kind"],
                OrderEntry.ref == entry["ref"],
            )
            .values(amount_fen=OrderEntry.amount_fen + entry["amount_fen"])
        )


async def _stores(session: AsyncSession, codes: Iterable[str]) -> dict[str, int]:
    wanted = list(codes)
    named = select(Store.code, Store.name, Store.id).where(
        or_(Store.code.in_(wanted), Store.name.in_(wanted))
    )
    found: dict[str, int] = {}
    for code, name, number in await session.execute(named):
        found |= {code: number, name: number}
    for code in wanted:
        if code not in found:
            found[code] = await store_id(session, code)
    return found


async def _guides(session: AsyncSession, names: Iterable[str]) -> dict[str, int]:
    """By userid or by name, where only one guide has it; a file makes no guides."""
    wanted = list(names)
    if not wanted:
        return {}
    query = select(Guide.userid, Guide.name, Guide.id).where(
        or_(Guide.userid.in_(wanted), Guide.name.in_(wanted))
    )
    found: dict[str, set[int]] = defaultdict(set)
    for userid, name, number in await session.execute(query):
        found[userid].add(number)
        found[name].add(number)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}


async def _have_bought(
    session: AsyncSession, groups: Sequence[Group], customer_ids: Sequence[int]
) -> None:
    latest: dict[int, datetime] = {}
    for group, customer_id in zip(groups, customer_ids, strict=True):
        for row in group:
            if row.kind == "paid" and row.amount > 0:
                latest[customer_id] = max(row.at, latest.get(customer_id, row.at))
    if not latest:
        return
    await session.execute(
        update(Customer)
        .where(Customer.id.in_(latest), Customer.stage.in_(BEFORE_BUYING))
        .values(stage="buys")
    )
    seen = select(Customer.id, Customer.last_active_at).where(Customer.id.in_(latest))
    later = [
        {"id": customer_id, "last_active_at": latest[customer_id]}
        for customer_id, at in await session.execute(seen)
        if at is None or at < latest[customer_id]
    ]
    await update_rows(session, Customer, later)
