"""Millions of rows in and out as columns: past the ORM, past one dict per row, in the session's own transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Select,
    Table,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy import cast as as_type
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.engine import dialect_of, is_sqlite, table_of

PART = 50_000
SENDS = {"i": ("int8send", "bigint"), "f": ("float8send", "float8")}
"""How PostgreSQL writes a number as eight bytes."""
EXACT = sqlite3.sqlite_version_info >= (3, 38)
POSTGRES: Any = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # or % is written twice
SQLITE: Any = sqlite.dialect()
Array = NDArray[Any]


async def read(session: AsyncSession, query: Select[*tuple[Any, ...]], kinds: str) -> list[Array]:
    """The columns of a query without NULLs: `i` for whole numbers, `f` for others, one letter a column."""
    await session.flush()
    if is_sqlite(session):
        return await _read_sqlite(session, query, kinds)
    return await _read_postgres(session, query, kinds)


async def _read_sqlite(
    session: AsyncSession, query: Select[*tuple[Any, ...]], kinds: str
) -> list[Array]:
    asked = _spelt(query, SQLITE)

    def work(plain: sqlite3.Connection) -> list[Array]:
        if "f" not in kinds:
            return _whole_numbers(plain, asked, len(kinds))
        cursor, parts = plain.execute(asked), []
        while rows := cursor.fetchmany(PART):
            columns = zip(*rows, strict=True)
            parts.append([_array(c, kind) for c, kind in zip(columns, kinds, strict=True)])
        return _joined(parts, kinds)

    driver = await driver_of(session)
    return cast("list[Array]", await driver.run(lambda: work(driver.plain)))


def _whole_numbers(plain: sqlite3.Connection, asked: str, many: int) -> list[Array]:
    """Each column as one text: a row of the driver's takes longer to make than its numbers to write and read,
    and while the database writes them others are served."""
    names = [f"c{place}" for place in range(many)]
    texts = ", ".join(f"group_concat({name}, ' ')" for name in names)
    found = plain.execute(f"WITH q({', '.join(names)}) AS ({asked}) SELECT {texts} FROM q")
    columns = [np.fromstring(text or "", np.int64, sep=" ") for text in found.fetchone()]
    if len({len(column) for column in columns}) > 1:
        raise ValueError("a column of whole numbers has a NULL")
    return columns


async def _read_postgres(
    session: AsyncSession, query: Select[*tuple[Any, ...]], kinds: str
) -> list[Array]:
    # All rows as one value: the driver takes ten times as long for a row as the server does.
    asked = _spelt(query, POSTGRES)
    names = [f"c{place}" for place in range(len(kinds))]
    sent = " || ".join(
        f"{SENDS[kind][0]}({name}::{SENDS[kind][1]})"
        for name, kind in zip(names, kinds, strict=True)
    )
    driver = await driver_of(session)
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(
            f"SELECT string_agg({sent}, ''::bytea) FROM ({asked}) AS q({', '.join(names)})"
        )
        (found,) = await cursor.fetchone()
    rows = np.frombuffer(
        found or b"", np.dtype([(name, f">{k}8") for name, k in zip(names, kinds, strict=True)])
    )
    return [rows[name].astype(f"{k}8", order="C") for name, k in zip(names, kinds, strict=True)]


async def write(
    session: AsyncSession,
    table: type[Any],
    key: Sequence[str],
    columns: Mapping[str, list[Any]],
    *,
    adding: Sequence[str] = (),
) -> None:
    """Insert these rows; those that are there get the new values, or grow by them in the columns of `adding`
    alone. Moments come as text, in UTC."""
    target = table_of(table)
    names = ", ".join(f'"{name}"' for name in columns)
    changed = adding or [name for name in columns if name not in key]
    more = f'"{target.name}"."{{0}}" + ' if adding else ""
    fresh = ", ".join(f'"{name}" = {more.format(name)}excluded."{name}"' for name in changed)
    then = f"ON CONFLICT ({', '.join(key)}) DO " + (f"UPDATE SET {fresh}" if fresh else "NOTHING")
    await _insert(session, target, columns, f'INSERT INTO "{target.name}" ({names})', then)


async def append(
    session: AsyncSession, table: type[Any], columns: Mapping[str, list[Any]]
) -> None:
    """Insert these rows; those that are there stay as they are. What is not named gets its column's default."""
    target = table_of(table)
    count = len(next(iter(columns.values())))
    columns = {name: [value] * count for name, value in defaults(target)} | dict(columns)
    names = ", ".join(f'"{name}"' for name in columns)
    head = f'INSERT INTO "{target.name}" ({names})'
    await _insert(session, target, columns, head, "ON CONFLICT DO NOTHING")


async def add(
    session: AsyncSession,
    table: type[Any],
    columns: Mapping[str, list[Any]],
    numbers: Callable[[], Awaitable[list[int]]],
) -> list[int]:
    """Insert rows that are not there; their ids, in order. On SQLite, whose one writer we are, they are ours to
    give; elsewhere `numbers` asks for them."""
    if not is_sqlite(session):
        await append(session, table, columns)
        return await numbers()
    key = table_of(table).c.id
    last = await session.scalar(select(func.max(key))) or 0
    ids = list(range(last + 1, last + 1 + len(next(iter(columns.values())))))
    await append(session, table, {"id": ids} | dict(columns))
    return ids


async def change(
    session: AsyncSession, table: type[Any], key: str, columns: Mapping[str, list[Any]]
) -> None:
    """New values for rows that are there, found by their key."""
    target = table_of(table)
    names = [name for name in columns if name != key]
    driver = await driver_of(session)
    if is_sqlite(session):
        fresh = ", ".join(f'"{name}" = ?' for name in names)
        asked = f'UPDATE "{target.name}" SET {fresh} WHERE "{key}" = ?'
        rows = zip(*(columns[name] for name in (*names, key)), strict=True)
        await driver.run(lambda: driver.plain.executemany(asked, rows).close())
        return
    told = ", ".join(f'"{name}"' for name in columns)
    fresh = ", ".join(f'"{name}" = new."{name}"' for name in names)
    asked = f'UPDATE "{target.name}" AS old SET {fresh} FROM unnest({places(target, columns)})'
    asked += f' AS new ({told}) WHERE old."{key}" = new."{key}"'
    await driver.execute(asked, [literal(column) for column in columns.values()])


def columns_of(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Rows turned into the columns that are written; every name has a list, however few rows there are."""
    turned = list(map(list, zip(*rows, strict=True))) or [[] for _ in names]
    return dict(zip(names, turned, strict=True))


def among(dialect: str, column: Any, name: str) -> ColumnElement[bool]:
    """Whether a column is one of the values of a list, bound as one: however many, the statement stays the same."""
    if dialect == "sqlite":
        return cast("ColumnElement[bool]", column.in_(listed(dialect, column, name)))
    return cast("ColumnElement[bool]", column == any_(bindparam(name, type_=ARRAY(column.type))))


def listed(dialect: str, column: Any, name: str) -> Select[Any]:
    """The values of such a list, as rows; they are of the type of the column."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(name, type_=JSON)).table_valued("value")
        return select(each.c.value)
    return select(func.unnest(bindparam(name, type_=ARRAY(column.type))))


def defaults(table: Table) -> Iterator[tuple[str, Any]]:
    """What a row gets in columns that nobody names."""
    for column in table.columns:
        if column.default is not None and column.default.is_scalar:
            yield column.name, cast("Any", column.default).arg


async def _insert(
    session: AsyncSession, table: Table, columns: Mapping[str, list[Any]], head: str, then: str
) -> None:
    driver = await driver_of(session)
    if is_sqlite(session):
        asked = f"{head} VALUES ({', '.join('?' * len(columns))}) {then}"
        rows = zip(*columns.values(), strict=True)
        await driver.run(lambda: driver.plain.executemany(asked, rows).close())
        return
    asked = f"{head} SELECT * FROM unnest({places(table, columns)}) {then}"
    await driver.execute(asked, [literal(column) for column in columns.values()])


def places(table: Table, columns: Iterable[str]) -> str:
    """Where the columns of rows stand in a statement of PostgreSQL, each as one array."""
    types = [table.c[name].type.compile(POSTGRES) for name in columns]
    return ", ".join(f"%s::text::{type_}[]" for type_ in types)


def literal(column: list[Any]) -> str:
    """A list as PostgreSQL reads an array from text: the driver takes longer to look at every element."""
    kinds = set(map(type, column))
    if kinds <= {int, float}:
        return "{" + str(column)[1:-1] + "}"
    if kinds == {str}:
        text = '","'.join(column)
        if "\\" not in text and text.count('"') == 2 * (len(column) - 1):
            return f'{{"{text}"}}'
    return "{" + ",".join(map(_element, column)) + "}"


def _element(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return "NULL" if value is None else str(value)


def seconds(session: AsyncSession, moment: Any) -> ColumnElement[int]:
    """A kept moment as seconds since the epoch."""
    return seconds_in(dialect_of(session), moment)


def seconds_in(dialect: str, moment: Any) -> ColumnElement[int]:
    """The same for a statement that is built once and kept."""
    if dialect == "sqlite":
        if EXACT:
            return func.unixepoch(moment)
        return as_type(func.strftime("%s", moment), BigInteger)
    return as_type(func.floor(func.date_part("epoch", moment)), BigInteger)


def scanned(column: Any) -> ColumnElement[Any]:
    """The same value, asked for so that no index on it is walked: for everybody, a million jumps into
    the table take longer than reading it from one end to the other and sorting."""
    return column + 0  # type: ignore[no-any-return]


def moments(at: Array) -> list[str]:
    """Seconds since the epoch as tables keep moments: naive UTC that sorts as text."""
    each, place = np.unique(at, return_inverse=True)
    if not len(each):
        return []
    text = np.datetime_as_string(each.astype("M8[s]").astype("M8[us]"))
    text.view("U1").reshape(len(text), -1)[:, 10] = " "
    return cast("list[str]", text.astype(object)[place].tolist())


def moment(at: datetime) -> str:
    """The same for one."""
    here = at if at.tzinfo is UTC else at.astimezone(UTC)
    return here.isoformat(" ", "microseconds")[:26]


@lru_cache(maxsize=32)
def _spelt(query: Select[Any], dialect: Any) -> str:
    """The whole statement as text, once for one that is kept. Its values are our own moments and numbers, never
    what people typed."""
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


async def driver_of(session: AsyncSession) -> Any:
    """The connection of this transaction, as its driver gives it."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


def _array(column: tuple[Any, ...], kind: str) -> Array:
    return np.array(column, dtype=f"{kind}8")


def _joined(parts: list[list[Array]], kinds: str) -> list[Array]:
    if not parts:
        return [np.empty(0, dtype=f"{kind}8") for kind in kinds]
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]
