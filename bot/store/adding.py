"""Rows that may be there already: those that are new are told apart while they are written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.bulk import defaults, driver_of, literal, moment, places
from bot.store.engine import is_sqlite, table_of


async def add_new(
    session: AsyncSession,
    table: type[Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: Sequence[str],
) -> list[tuple[Any, ...]]:
    """Insert those of these rows that are not there yet, in their order; of each new one the columns asked for, which
    must be numbers or text. What is not named gets its column's default."""
    await session.flush()
    target, count = table_of(table), len(rows)
    columns = {name: [value] * count for name, value in defaults(target)}
    columns |= turned(rows)
    names = ", ".join(f'"{name}"' for name in columns)
    head = f'INSERT INTO "{target.name}" ({names})'
    told = ", ".join(f'"{name}"' for name in returning)
    then = f"ON CONFLICT DO NOTHING RETURNING {told}"
    driver = await driver_of(session)
    if is_sqlite(session):
        asked = f"{head} VALUES ({', '.join('?' * len(columns))}) {then}"
        return cast("list[Any]", await driver.run(_each, driver.plain, asked, columns))
    asked = f"{head} SELECT * FROM unnest({places(target, columns)}) {then}"
    cursor = await driver.execute(asked, [literal(column) for column in columns.values()])
    return cast("list[Any]", await cursor.fetchall())


def _each(plain: sqlite3.Connection, asked: str, columns: Mapping[str, list[Any]]) -> list[Any]:
    rows = zip(*columns.values(), strict=True)
    return [new for row in rows for new in plain.execute(asked, row).fetchall()]


def turned(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows that all say the same columns, as these columns."""
    return {name: [_plain(row[name]) for row in rows] for name in rows[0]}


def _plain(value: Any) -> Any:
    """As it lies in the table."""
    if isinstance(value, datetime):
        return moment(value)
    return json.dumps(value) if isinstance(value, dict | list) else value
