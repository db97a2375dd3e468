"""Orders of a file beside those that are known: what is new, what is lacking, what contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.imports import KnownOrder, OrderRow, missing
from bot.domain.orders import Order, OrderEntry, OrderLine
from bot.store import bulk
from bot.store.engine import dialect_of
from bot.store.imports.extending import extend
from bot.store.imports.making import make
from bot.store.vault import Vault

Group = Sequence[OrderRow]
Asked = Select[*tuple[Any, ...]]
MONEY = OrderEntry.kind.in_(("paid", "refunded"))


class Verdict(NamedTuple):
    """One order of the file beside what is known of it."""

    rows: Group
    known: KnownOrder | None
    lacking: Group | None
    """Rows to add; None when file and database contradict each other."""


async def judge(session: AsyncSession, groups: Sequence[Group], *, source: str) -> list[Verdict]:
    """Reads only: a dry run ends here."""
    known = await _known(session, [group[0].order_no for group in groups], source)
    if not known:
        return [Verdict(group, None, group) for group in groups]
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
    new = [verdict.rows for verdict in verdicts if verdict.known is None]
    known = [(v.known, v.rows, v.lacking) for v in verdicts if v.known and v.lacking is not None]
    met = await make(session, vault, new, source=source) if new else 0
    return met + (await extend(session, vault, known, source=source) if known else 0)


async def _known(
    session: AsyncSession, order_nos: Sequence[str], source: str
) -> dict[str, KnownOrder]:
    orders, entries, lines = _questions(dialect_of(session))
    rows = await session.execute(orders, {"among": order_nos, "source": source})
    found = {order_no: KnownOrder(*facts) for order_no, *facts in rows}
    by_id = {known.id: known for known in found.values()}
    if not by_id:
        return found
    for order_id, *entry in await session.execute(entries, {"among": list(by_id)}):
        by_id[order_id].entries.append((entry[0], entry[1], entry[2]))
    for order_id, ordinal in await session.execute(lines, {"among": list(by_id)}):
        by_id[order_id].ordinals.add(ordinal)
    return found


@cache
def _questions(dialect: str) -> tuple[Asked, Asked, Asked]:
    """The orders with these numbers; the entries and the lines of these orders."""
    numbered = bulk.among(dialect, Order.order_no, "among")
    facts = (Order.order_no, Order.id, Order.amount_fen, Order.refunded_fen, Order.customer_id)
    entry = (OrderEntry.order_id, OrderEntry.kind, OrderEntry.ref, OrderEntry.amount_fen)
    line = (OrderLine.order_id, OrderLine.ordinal)
    return (
        select(*facts).where(Order.source == bindparam("source"), numbered),
        select(*entry).where(bulk.among(dialect, OrderEntry.order_id, "among"), MONEY),
        select(*line).where(bulk.among(dialect, OrderLine.order_id, "among")),
    )
