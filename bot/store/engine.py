"""Opening the database: SQLite in WAL with one writer, or PostgreSQL; the same sessions on both."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from bot.clock import Clock
from bot.store import one_trip
from bot.store.turns import Turns

READING = "siyu_reading"
RESTING_SINCE = "siyu_resting_since"
RESTED_SECONDS = 1.0
WAL_TRIES, WAL_PAUSE_SECONDS = 100, 0.02
_CLOCK = Clock()


def open_engine(url: str, *, inline: bool = False) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite:///file` or `postgresql://…`; drivers are chosen here.

    `inline` runs SQLite in the loop's own thread: right only where nobody waits for the loop, as in a played month.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(
            parsed.set(drivername="sqlite+aiosqlite"),
            pool_size=8,
            hide_parameters=True,
            connect_args={"async_creator_fn": partial(one_trip.connect, inline=inline)},
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    engine = create_async_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=10,
        hide_parameters=True,  # statements in error texts carry people's data
    )
    event.listen(engine.sync_engine, "connect", _prepare_postgres)
    event.listen(engine.sync_engine, "checkout", partial(_ping_the_rested, engine.dialect))
    event.listen(engine.sync_engine, "checkin", _note_rest)
    return engine


def _note_rest(_connection: object, record: Any) -> None:
    record.info[RESTING_SINCE] = _CLOCK.monotonic()


def _ping_the_rested(dialect: Any, connection: Any, record: Any, _given_out: object) -> None:
    """Ask a connection that lay unused whether it still lives; before every transaction it would be a trip too many."""
    since = record.info.get(RESTING_SINCE)
    if since is None or _CLOCK.monotonic() - since < RESTED_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.dbapi.Error:
        raise InvalidatePoolError from None


def _prepare_postgres(connection: Any, _record: object) -> None:
    """PostgreSQL compiles whatever it believes is dear, which takes our many-legged short statements longer than it
    saves. Not a start-up option: poolers in between refuse those they do not know."""
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    cursor.close()
    connection.autocommit = False


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    # A played world is thrown away: only there a power cut may take the last commits with it.
    durable = "NORMAL" if connection.driver_connection.inline else "FULL"
    cursor = connection.cursor()
    _write_ahead(cursor)
    for pragma in (
        f"synchronous={durable}",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-32000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Of several that open a new file at once one makes the change; SQLite tells the others at once that it is
    locked, whatever their patience."""
    cursor.execute("PRAGMA busy_timeout=20000")
    for _ in range(WAL_TRIES - 1):
        with suppress(sqlite3.OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        time.sleep(WAL_PAUSE_SECONDS)
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once on a stale snapshot, busy timeout or not.
    reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Sessions:
    """Where transactions begin. Only the edges call it; nobody else commits."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        reader = engine.execution_options(**{READING: True})
        self._writing = async_sessionmaker(engine, expire_on_commit=False)
        self._reading = async_sessionmaker(reader, expire_on_commit=False)
        # Writers of one process queue here, in order, instead of spinning on SQLite's lock.
        self._writer = Turns() if self.dialect == "sqlite" else None
        # On SQLite each connection is in that state already.
        self._bare = (
            engine if self._writer else engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One writing transaction: committed at the end, rolled back on any exception."""
        async with AsyncExitStack() as stack:
            if self._writer is not None:
                await stack.enter_async_context(self._writer.turn())
            yield await stack.enter_async_context(self._writing.begin())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One consistent look that never blocks a writer."""
        async with self._reading() as session, session.begin():
            yield session

    @asynccontextmanager
    async def in_one_trip(self) -> AsyncIterator[AsyncConnection]:
        """A connection with nothing begun: for a writer whose one statement, or one trip, is its transaction."""
        async with AsyncExitStack() as stack:
            if self._writer is not None:
                await stack.enter_async_context(self._writer.turn(urgent=True))
            yield await stack.enter_async_context(self._bare.connect())

    async def wipe_traces(self) -> None:
        """What was erased is in the write-ahead log still: into the file with it, where it is written over."""
        if self._writer is not None:
            async with self.in_one_trip() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert raw is not None
                await raw.run(_checkpoint, raw.plain)

    async def close(self) -> None:
        await self.engine.dispose()


def _checkpoint(plain: sqlite3.Connection) -> None:
    plain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


Said = TypeVar("Said")
COLLISIONS = frozenset({"40P01", "40001"})
"""PostgreSQL gave one of several transactions up, because they waited for each other in a circle."""


def collided(bug: BaseException) -> bool:
    """Whether nothing is wrong with what was done but its moment: the same again will do."""
    return isinstance(bug, DBAPIError) and getattr(bug.orig, "sqlstate", None) in COLLISIONS


async def until_free(act: Callable[[], Awaitable[Said]], *, tries: int = 5) -> Said:
    """One whole transaction, done anew when it was given up for another one's sake."""
    for _ in range(tries - 1):
        try:
            return await act()
        except DBAPIError as bug:
            if not collided(bug):
                raise
    return await act()


def upsert(session: AsyncSession, table: Table | type[Any]) -> Any:
    """An INSERT that knows ON CONFLICT, in the session's dialect."""
    return upsert_in(dialect_of(session), table)


def upsert_in(dialect: str, table: Table | type[Any]) -> Any:
    """The same for a statement that is built once and kept."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


def table_of(entity: type[Any]) -> Table:
    """Its table alone. What is written to a table is built once; the ORM copies what is written to an entity."""
    table = inspect(entity).local_table
    assert isinstance(table, Table)
    return table


def dialect_of(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


async def rows(
    session: AsyncSession, query: Select[*tuple[Any, ...]], bound: Mapping[str, Any]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The plain rows of a query for columns: the ORM would look at each of them once more."""
    await session.flush()
    return (await (await session.connection()).execute(query, bound)).all()


async def look_over(session: AsyncSession, entity: type[Any]) -> None:
    """After a great change: PostgreSQL plans by what it saw of a table last, and would look again in a minute or so."""
    if not is_sqlite(session):
        await session.execute(text(f'ANALYZE "{table_of(entity).name}"'))


def is_sqlite(session: AsyncSession) -> bool:
    return dialect_of(session) == "sqlite"


async def writable(session: AsyncSession) -> bool:
    """Whether a transaction begun for writing may write; SQLite has said so by beginning it."""
    if is_sqlite(session):
        return True
    return bool(await session.scalar(text("SHOW transaction_read_only")) == "off")
