"""aiosqlite with one trip to its thread per statement. Its own cursor makes four (open, execute, fetch, close), and
on an embedded database the trips, not the statements, are what takes the time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite

Rows = list[tuple[Any, ...]]


class Cursor:
    """What SQLAlchemy's adapter asks of a cursor; rows are read in the thread, with the statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: Rows = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
        await self._connection.run(self._execute, statement, parameters)
        return self

    async def executemany(self, statement: str, many: Iterable[Sequence[Any]]) -> Cursor:
        await self._connection.run(self._executemany, statement, many)
        return self

    def _execute(self, statement: str, parameters: Sequence[Any]) -> None:
        self._keep(self._connection.plain.execute(statement, parameters))

    def _executemany(self, statement: str, many: Iterable[Sequence[Any]]) -> None:
        self._keep(self._connection.plain.executemany(statement, many))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        # The count of a statement with RETURNING is right only after its rows were read.
        self._rows = cursor.fetchall() if cursor.description else []
        self.description, self.rowcount = cursor.description, cursor.rowcount
        self.lastrowid = cursor.lastrowid
        cursor.close()

    async def fetchall(self) -> Rows:
        rows, self._rows = self._rows, []
        return rows

    async def fetchmany(self, size: int | None = None) -> Rows:
        count = size or self.arraysize
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows

    async def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    async def close(self) -> None:
        self._rows = []


class Connection(aiosqlite.Connection):
    inline = False
    """Work in the caller's thread: no trip at all, and nobody else is served meanwhile."""

    @property
    def plain(self) -> sqlite3.Connection:
        return self._conn

    async def run(self, work: Any, *given: Any) -> Any:
        if self.inline:
            return work(*given)
        return await self._execute(work, *given)  # type: ignore[no-untyped-call]

    def cursor(self) -> Any:
        return Cursor(self)

    async def commit(self) -> None:
        await self.run(self.plain.commit)

    async def rollback(self) -> None:
        # The pool asks for one whenever a connection comes back, though it nearly always was committed.
        if self.plain.in_transaction:
            await self.run(self.plain.rollback)


def connect(database: str, *, inline: bool = False, **options: Any) -> Connection:
    """In place of `aiosqlite.connect`."""
    options["check_same_thread"] = not inline
    connection = Connection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy sets it for its own: an exit waits for nobody
    connection.inline = inline
    return connection
