"""Orders that are known: what a file adds to them, set by set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.imports import KnownOrder, OrderRow, paid_and_refunded, worth_lines
from bot.domain.orders import Order, OrderEntry
from bot.store import bulk
from bot.store.engine import dialect_of
from bot.store.imports.making import ENTRY, Values, add_lines, entries, have_bought, lines
from bot.store.imports.people import meet_many
from bot.store.vault import Vault

Asked = Select[*tuple[Any, ...]]
Found = tuple[KnownOrder, Sequence[OrderRow], Sequence[OrderRow]]
"""What is known, what the file says, and what of that is lacking."""


async def extend(
    session: AsyncSession, vault: Vault, found: Sequence[Found], *, source: str
) -> int:
    """Returns how many customers are new."""
    await add_lines(session, [line for each in found for line in _more_lines(*each)])
    met = await _attach(session, vault, [each for each in found if _tells_buyer(*each)], source)
    changed = {known.id: (known, lacking) for known, _, lacking in found if lacking}
    if not changed:
        return met
    rows = await session.execute(_locked(dialect_of(session)), {"among": list(changed)})
    sums = [_summed(order, changed[order[0]][1]) for order in rows]
    columns = ("id", "amount_fen", "refunded_fen", "paid_at", "state")
    await bulk.change(session, Order, "id", bulk.columns_of(columns, sums))
    fresh = [
        entry
        for known, more in changed.values()
        for entry in entries(more, known.id, known.customer_id)
    ]
    key, told = ("order_id", "kind", "ref"), bulk.columns_of(ENTRY, fresh)
    await bulk.write(session, OrderEntry, key, told, adding=("amount_fen",))
    bought = [(more, k.customer_id) for k, more in changed.values() if k.customer_id is not None]
    await have_bought(session, bought)
    return met


def _more_lines(
    known: KnownOrder, rows: Sequence[OrderRow], lacking: Sequence[OrderRow]
) -> Iterator[Values]:
    """Of a file that has the whole order; a reported order has its own lines."""
    if known.has_file_lines:
        yield from lines(rows, known.id) if lacking else ()
    elif not known.ordinals and worth_lines(rows) and any(row.kind == "paid" for row in rows):
        yield from lines(rows, known.id)


def _tells_buyer(known: KnownOrder, rows: Sequence[OrderRow], _lacking: object) -> bool:
    """A phone alone is not enough: the order may wait for it to be settled whose it is."""
    return known.customer_id is None and any(kind != "phone" for kind, _ in rows[0].person.ids)


async def _attach(session: AsyncSession, vault: Vault, found: Sequence[Found], source: str) -> int:
    """Orders that were nobody's are those of the buyer the file names."""
    if not found:
        return 0
    people = [rows[0].person for _, rows, _ in found]
    first_at = min(row.at for _, rows, _ in found for row in rows)
    met = await meet_many(session, vault, people, source=source, at=first_at)
    for (known, _, _), owner in zip(found, met.ids, strict=True):
        known.customer_id = owner
    order_ids = [known.id for known, _, _ in found]
    for entity, key in ((Order, "id"), (OrderEntry, "order_id")):
        await bulk.change(session, entity, key, {key: order_ids, "customer_id": met.ids})
    return met.new


def _summed(order: tuple[Any, ...], lacking: Sequence[OrderRow]) -> Values:
    order_id, amount, back, paid_at, state = order
    paid, refunded = paid_and_refunded(lacking)
    moments = [row.at for row in lacking if row.kind == "paid"]
    if moments and paid_at is None:
        paid_at, state = min(moments), "paid"
    at = None if paid_at is None else bulk.moment(paid_at)
    return (order_id, amount + paid, back + refunded, at, state)


@cache
def _locked(dialect: str) -> Asked:
    sums = (Order.id, Order.amount_fen, Order.refunded_fen, Order.paid_at, Order.state)
    these = bulk.among(dialect, Order.id, "among")
    return select(*sums).where(these).order_by(Order.id).with_for_update()
