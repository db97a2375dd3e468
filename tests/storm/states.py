"""What is left in the database, without what may differ between two runs: row numbers, random names, sealed bytes,
and what tells by which of her events we happened to meet a person first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import LargeBinary, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Follow, Identity
from bot.domain.mapping import Row

RANDOM = {"ref", "token", "code", "hash", "previous_hash"}
FIRST_HEARD = {
    "customer": {"created_at"},
    "identity": {"since", "evidence"},
    "customer_tag": {"at", "evidence"},
    "consent_entry": {"actor"},
    "inbox": {"attempts"},
}


async def state(session: AsyncSession) -> dict[str, Counter[tuple[Any, ...]]]:
    """Rows by table; people go by their first platform id."""
    people: dict[int, str] = {}
    for one in await session.scalars(select(Identity).order_by(Identity.value.desc())):
        people[one.customer_id] = f"{one.kind}:{one.value}"
    found = {}
    for table in Row.metadata.sorted_tables:
        query = select(table)
        if (
            table.name == "follow_mirror"
        ):  # what was to be written to a tie that has ended matters no more
            lasting = select(Follow.id).where(Follow.ended_at.is_(None))
            query = query.where(table.c.follow_id.in_(lasting))
        rows = (await session.execute(query)).mappings()
        found[table.name] = Counter(_row(table, dict(row), people) for row in rows)
    return {name: rows for name, rows in found.items() if rows}


def _row(table: Any, row: dict[str, Any], people: dict[int, str]) -> tuple[Any, ...]:
    told = []
    for column in table.columns:
        value = row[column.name]
        if column.name in ("customer_id", "home"):
            value = people.get(value, value)
        elif _differs(column, value) or column.name in FIRST_HEARD.get(table.name, ()):
            continue
        told.append((column.name, str(value)))
    return tuple(told)


def _differs(column: Any, value: Any) -> bool:
    numbered = column.primary_key and isinstance(value, int)
    sealed = isinstance(column.type, LargeBinary)
    return bool(numbered or sealed or column.foreign_keys or column.name in RANDOM)


def differences(one: dict[str, Counter[Any]], other: dict[str, Counter[Any]]) -> dict[str, Any]:
    """Per table, what only one of them has."""
    told = {}
    for name in sorted(one.keys() | other.keys()):
        a, b = one.get(name, Counter()), other.get(name, Counter())
        if a != b:
            told[name] = (
                list((a - b).elements())[:3],
                list((b - a).elements())[:3],
                (a - b).total(),
                (b - a).total(),
            )
    return told
