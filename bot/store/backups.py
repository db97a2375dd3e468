"""A whole database in one sealed file, the same for SQLite and PostgreSQL, and back into an empty one.

Each line of it is JSON: first what it is, then the rows of every table in an order in which they may be put back,
at the end how many there were.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from bot.domain.access import WebSession
from bot.domain.campaigns import MassTask, Touch
from bot.domain.delivery import Owed
from bot.domain.journeys import Run
from bot.domain.refusals import Refusal
from bot.store import audit, schema, switches, tables
from bot.store.engine import READING
from bot.store.sealed_files import Sealing, Torn, pieces
from bot.store.vault import Vault

FORMAT = 1
ABOUT = "backup"
AT_ONCE = 500
LATER = {"customer": "merged_into"}
"""What may name a row that comes later is put in at the end."""
Counts = dict[str, int]
Tell = Callable[[str, int, int], None]


async def write(
    engine: AsyncEngine, vault: Vault, path: Path, *, now: datetime, head: bytes, tell: Tell
) -> Counts:
    """Everything as it was at one moment, while the house goes on working. How many rows of each table."""
    counts: Counts = {}
    packer = zlib.compressobj(6)
    every = tables.in_order()
    async with _one_moment(engine) as connection:
        with Sealing(path, vault, about=ABOUT, head=head) as kept:
            first = {"format": FORMAT, "schema": schema.newest(), "at": now.isoformat()}
            kept.write(packer.compress(_line(first)))
            for number, table in enumerate(every):
                tell(table.name, number, len(every))
                counts[table.name] = 0
                async for rows in _rows(connection, table):
                    counts[table.name] += len(rows)
                    told = [[_plain(value) for value in row] for row in rows]
                    names = [column.name for column in table.columns]
                    kept.write(packer.compress(_line([table.name, names, told])))
            kept.write(packer.compress(_line({"counts": counts})) + packer.flush())
    return counts


@asynccontextmanager
async def _one_moment(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Nobody waits for this look, and it sees nothing that is written meanwhile."""
    postgres = engine.dialect.name == "postgresql"
    options = {"isolation_level": "REPEATABLE READ"} if postgres else {READING: True}
    async with engine.connect() as connection:
        yield await connection.execution_options(**options)
        await connection.rollback()


async def _rows(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[Any]]:
    key = tuple(table.primary_key.columns)
    query, after = select(table).order_by(*key).limit(AT_ONCE), None
    while True:
        asked = query if after is None else query.where(tuple_(*key) > tuple_(*_bound(key, after)))
        rows = (await connection.execute(asked)).all()
        if rows:
            yield rows
        if len(rows) < AT_ONCE:
            return
        after = [getattr(rows[-1], column.name) for column in key]


def _bound(key: Iterable[Any], values: Iterable[Any]) -> list[Any]:
    from sqlalchemy import literal

    return [literal(value, column.type) for column, value in zip(key, values, strict=True)]


def _line(facts: Any) -> bytes:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return {"document": value} if isinstance(value, dict | list) else value


def _value(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    ((kind, value),) = said.items()
    match kind:
        case "bytes":
            return base64.b64decode(value)
        case "moment":
            return datetime.fromisoformat(value)
        case "day":
            return date.fromisoformat(value)
    return value


def _said(path: Path, vault: Vault) -> Iterator[Any]:
    """Line by line. Raises Refusal torn for a file that is not whole, or was sealed under another key."""
    unpacker, held = zlib.decompressobj(), b""
    try:
        for piece in pieces(path, vault, about=ABOUT, headed=True):
            *lines, held = (held + unpacker.decompress(piece)).split(b"\n")
            yield from map(json.loads, lines)
    except (Torn, zlib.error):
        raise Refusal(
            "torn", "这份备份不完整，或不是用现在的 SIYU_SECRET_KEY 做的", status=422
        ) from None


def check(path: Path, vault: Vault) -> tuple[dict[str, Any], Counts]:
    """Read once from end to end: what it says of itself, and the rows that really stand in it. Raises Refusal."""
    said, found, end = _said(path, vault), Counts(), None
    first: dict[str, Any] = next(said, {})
    if first.get("format") != FORMAT:
        raise Refusal("torn", "这份备份不是这个版本写的", status=422)
    for line in said:
        if isinstance(line, dict):
            end = line["counts"]
        else:
            found[line[0]] = found.get(line[0], 0) + len(line[2])
    if end is None or {name: n for name, n in end.items() if n} != found:
        raise Refusal("torn", "这份备份不完整", status=422)
    return first, end


async def read(session: AsyncSession, vault: Vault, path: Path, tell: Tell) -> Counts:
    """Into a database that holds the schema and nothing else. Raises Refusal not_empty | other_schema | torn."""
    said = _said(path, vault)
    first: dict[str, Any] = next(said, {})
    if first.get("schema") != schema.newest():
        raise Refusal("other_schema", "备份的数据库结构和这个程序的不一样，用做备份时的版本恢复")
    for table in tables.in_order():
        if await session.scalar(select(func.count()).select_from(table)):
            raise Refusal("not_empty", f"数据库不是空的（{table.name}），备份只恢复到空的数据库里")
    counts, later = Counts(), list[tuple[str, int, int]]()
    known = tables.by_name()
    for line in said:
        if isinstance(line, dict):
            continue
        name, columns, rows = line
        counts[name] = counts.get(name, 0) + len(rows)
        tell(name, len(counts), len(known))
        made = [dict(zip(columns, map(_value, row), strict=True)) for row in rows]
        if waits := LATER.get(name):
            later += [(name, row["id"], row[waits]) for row in made if row[waits] is not None]
            made = [row | {waits: None} for row in made]
        await session.execute(insert(known[name]), made)
    for name, row_id, value in later:
        table = known[name]
        await session.execute(
            update(table).where(table.c.id == row_id).values({LATER[name]: value})
        )
    await _number_on(session)
    return counts


async def _number_on(session: AsyncSession) -> None:
    """PostgreSQL numbers from a counter that knows nothing of rows which brought their numbers along."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in tables.in_order():
        key = list(table.primary_key.columns)
        if len(key) == 1 and table.autoincrement_column is not None:
            counter = f"pg_get_serial_sequence('\"{table.name}\"', '{key[0].name}')"
            newest = f'SELECT max("{key[0].name}") FROM "{table.name}"'
            await session.execute(
                text(f"SELECT setval({counter}, coalesce(({newest}), 1), ({newest}) IS NOT NULL)")
            )


async def set_apart(
    session: AsyncSession, *, made_at: str, by: str, now: datetime
) -> Mapping[str, int]:
    """What may have gone out since the backup is not sent again: it is unknown until a person or the platform says.

    Nothing is sent at all until somebody has looked and turns sending on; everybody signs in anew.
    """
    told = {"state": "unknown", "reason": "restored", "settled_at": now}
    sent: dict[str, Any] = {
        "debts": update(Owed).where(Owed.state.in_(("owed", "claimed"))).values(told),
        "messages": update(Touch)
        .where((Touch.state == "queued") | (Touch.state == "planned") & (Touch.due_at <= now))
        .values(told),
        "tasks": update(MassTask)
        .where(MassTask.state.in_(("owed", "cancelling")))
        .values(state="unknown", check_at=now + timedelta(minutes=3)),
        "journeys": update(Run)
        .where(Run.state == "active", Run.due_at <= now)
        .values(state="left", reason="restored", due_at=None),
        "sessions": delete(WebSession),
    }
    done = {}
    for name, statement in sent.items():
        result: Any = await session.execute(statement)
        done[name] = int(result.rowcount)
    await switches.turn(session, switches.SENDING, on=False, reason="restored", by=by, now=now)
    await audit.append(
        session,
        at=now,
        actor=by,
        action="restore",
        subject="database",
        detail={"backup_of": made_at, "set_apart": done},
    )
    return done
