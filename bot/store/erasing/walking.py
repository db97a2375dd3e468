"""The walk through the inventory: rows go, or stay without a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.store import inventory
from bot.store.inventory import Entry, Person

Counts = dict[str, int]


async def walk(session: AsyncSession, person: Person, *, last: bool) -> Counts:
    """Children before their parents. Without `last`, what waits for something open stays."""
    await session.flush()
    counts: Counts = {}
    for entry in reversed(inventory.of_people()):
        if entry.waits and not last:
            continue
        statement = _statement(entry, person)
        if statement is not None:
            result: Any = await session.execute(statement)
            assert isinstance(result, CursorResult)
            counts[entry.name] = result.rowcount
    session.expire_all()
    return {name: count for name, count in counts.items() if count}


def _statement(entry: Entry, person: Person) -> Any:
    if entry.erase == "gone":
        return delete(entry.table).where(entry.of(person))
    if entry.erase == "kept" and entry.empty:
        named = [entry.table.c[n].is_distinct_from(v) for n, v in entry.empty.items() if v != {}]
        left = or_(*named) if len(named) == len(entry.empty) else true()
        return update(entry.table).where(entry.of(person), left).values(**entry.empty)
    return None


async def finished(session: AsyncSession, person: Person, now: datetime) -> None:
    """From now on she is nobody."""
    hers = Customer.id.in_(person.ids)
    await session.execute(update(Customer).where(hers).values(erased_at=now))


async def everybody(session: AsyncSession, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """Numbers and refs of people who are not erased yet, folded records and all."""
    query = select(Customer.id, Customer.ref).where(Customer.id > after)
    rows = await session.execute(query.order_by(Customer.id).limit(limit))
    return [(number, ref) for number, ref in rows]
