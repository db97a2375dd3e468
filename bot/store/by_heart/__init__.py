"""Statements asked again and again are known by heart: what was built once is compiled once, and from then on goes to
the driver with its values. SQLAlchemy's way there takes ten times what the database does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Select,
    bindparam,
    inspect,
    select,
)
from sqlalchemy.engine import Result
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.util import greenlet_spawn

from bot.store import one_trip
from bot.store.by_heart.learning import DECIDED_BY, Plan, plan_of
from bot.store.by_heart.reading import made

__all__ = ["DECIDED_BY", "NEAR", "Session", "forget", "known", "noted"]
Made = TypeVar("Made")

NEAR = "siyu_near"
"""Of a session whose statements are each about one person: SQLite answers sooner than its thread could be asked."""

FEW = 4
Several = Sequence[Mapping[str, Any]]
Answer = tuple[Any, Sequence[tuple[Any, ...]], int]
"""Who can describe the columns, if there are any; the rows; how many rows were touched."""


class Session(AsyncSession):
    """The same session, quicker. What is not known by heart goes SQLAlchemy's way, on the same connection."""

    _held: tuple[object, Connection] | None = None

    async def execute(self, statement: Executable, params: Any = None, **more: Any) -> Any:
        several = _several(params)
        sync = self.sync_session
        if more or not several or not sync.is_active or _overheard(sync):
            return await super().execute(statement, params, **more)
        plan = plan_of(statement, several, _dialect(sync))
        if plan is None:
            return await super().execute(statement, params)
        return await self._by_heart(plan, several)

    async def scalar(self, statement: Executable, params: Any = None, **more: Any) -> Any:
        return (await self.execute(statement, params, **more)).scalar()

    async def scalars(self, statement: Executable, params: Any = None, **more: Any) -> Any:
        return (await self.execute(statement, params, **more)).scalars()

    async def flush(self, objects: Sequence[Any] | None = None) -> None:
        sync = self.sync_session
        if objects is not None or sync.identity_map.check_modified() or sync._new or sync._deleted:
            await super().flush(objects)

    async def get(self, entity: Any, ident: Any, **more: Any) -> Any:
        if more or not isinstance(ident, int | str):
            return await super().get(entity, ident, **more)
        here = self.sync_session.identity_map.get((entity, (ident,), None))
        if here is not None and not instance_state(here).expired_attributes:
            return here
        return (await self.execute(_row_of(entity), {"its_key": ident})).scalar_one_or_none()

    async def _by_heart(self, plan: Plan, several: Several) -> Result[*tuple[Any, ...]]:
        if self._must_be_written_before(plan):
            await super().flush()
        connection = await self._connected()
        driver, near = connection.connection.driver_connection, NEAR in self.sync_session.info
        said: list[tuple[Any, ...]] = []
        touched = 0
        for values in several:
            sql, bound = plan.bind(values)
            try:
                cursor, rows, count = await _ask(driver, sql, bound, near=near)
            except BaseException as trouble:
                await greenlet_spawn(_told_of, connection, trouble, sql)
                raise
            said += rows
            touched += count
        if cursor is None:
            return _Done(touched)
        return plan.told(self.sync_session, said, cursor)

    def _must_be_written_before(self, plan: Plan) -> bool:
        """Changes that wait only matter to whoever looks at their tables; new and deleted rows matter to keys too."""
        sync = self.sync_session
        if not sync.autoflush:
            return False
        if sync._new or sync._deleted:
            return True
        return sync.identity_map.check_modified() and (
            plan.deletes
            or any(
                state.manager.mapper.local_table in plan.tables
                for state in sync.identity_map._modified
            )
        )

    async def _connected(self) -> Connection:
        """The connection of the innermost transaction: a savepoint is set when it is first used."""
        sync = self.sync_session
        inmost = sync.get_nested_transaction() or sync.get_transaction()
        if self._held is None or self._held[0] is not inmost or self._held[1].invalidated:
            connection = (await self.connection()).sync_connection
            assert connection is not None
            inmost = sync.get_nested_transaction() or sync.get_transaction()
            self._held = inmost, connection
        return self._held[1]


@cache
def _row_of(entity: type[Any]) -> Select[Any]:
    [key] = inspect(entity).primary_key
    return select(entity).where(key == bindparam("its_key"))


async def _ask(driver: Any, sql: str, bound: Any, *, near: bool) -> Answer:
    if isinstance(driver, one_trip.Connection):
        if near:
            return _asked_here(driver.plain, sql, bound)
        answer: Answer = await driver.run(_asked_here, driver.plain, sql, bound)
        return answer
    cursor = await driver.execute(sql, bound)
    if not cursor.pgresult.nfields:  # to describe them takes longer than to read them
        return None, (), cursor.rowcount
    return cursor, await cursor.fetchall(), cursor.rowcount


def _asked_here(plain: Any, sql: str, bound: Any) -> Answer:
    cursor = plain.execute(sql, bound)
    if cursor.description is None:
        return None, (), cursor.rowcount
    # The count of a statement with RETURNING is right only after its rows were read.
    rows = cursor.fetchall()
    return cursor, rows, cursor.rowcount


def _several(params: Any) -> Several:
    """Each set of values; none where SQLAlchemy puts many into few statements."""
    if not params:
        return ({},)
    if isinstance(params, dict):
        return (params,)
    if isinstance(params, list) and len(params) <= FEW and isinstance(params[0], dict):
        return params
    return ()


def _dialect(sync: SyncSession) -> Dialect:
    assert sync.bind is not None
    return sync.bind.dialect


def _overheard(sync: SyncSession) -> bool:
    """Somebody listens to the statements: then all go where they are heard."""
    return sync.bind is None or bool(sync.bind.dispatch.before_cursor_execute)


def _told_of(connection: Connection, trouble: BaseException, sql: str) -> None:
    """SQLAlchemy's own way to say it, which also lets go of a connection that is lost. The values stay untold."""
    connection._handle_dbapi_exception(trouble, sql, None, None, None)


def known(session: AsyncSession, entity: type[Made], row: Mapping[Any, Any]) -> Made:
    """The entity whose whole row a statement gave back: the session knows it from now on."""
    values = {str(name): value for name, value in row.items()}
    instance: Made = made(session.sync_session, entity, values.items())
    return instance


def noted(session: AsyncSession, entity: type[Any], key: int, news: Mapping[str, Any]) -> None:
    """What a statement wrote into its row, for an entity that is loaded."""
    loaded = session.sync_session.identity_map.get((entity, (key,), None))
    if loaded is not None:
        for name, value in news.items():
            set_committed_value(loaded, name, value)


def forget(session: AsyncSession, *, but: type[Any]) -> None:
    """After a savepoint was undone: what was learnt in it may not be so."""
    for instance in list(session.sync_session.identity_map.values()):
        if not isinstance(instance, but):
            session.expunge(instance)


class _Done(CursorResult[*tuple[Any, ...]]):
    """Of a statement without rows: how many it touched."""

    def __init__(self, count: int) -> None:
        self._metadata = self._no_result_metadata
        self.rowcount = count
