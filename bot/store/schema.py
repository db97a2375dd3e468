"""The schema's version: brought up from nothing, asked for when it is old."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


_STARTING = 7_405_129
"""An advisory lock: processes that start together on an empty PostgreSQL build it once."""


class SchemaTooOld(Exception):
    """The database was made by an older version; `siyu migrate` brings it up."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _state(connection: Connection) -> str | None:
    """None for an empty database, else its revision."""
    if not inspect(connection).get_table_names():
        return None
    return MigrationContext.configure(connection).get_current_revision() or ""


async def migrate(engine: AsyncEngine) -> None:
    """Bring the database to the newest schema."""
    async with engine.begin() as connection:
        await _alone(connection)
        await connection.run_sync(_upgrade)


async def _alone(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_STARTING})")


async def state(engine: AsyncEngine) -> Literal["empty", "old", "newest"]:
    """Looked up in a writing transaction: it raises where nothing can be written."""
    async with engine.begin() as connection:
        found = await connection.run_sync(_state)
    if found is None:
        return "empty"
    return "newest" if found == newest() else "old"


async def prepare(engine: AsyncEngine) -> None:
    """Bring an empty database up; raise SchemaTooOld for one that needs `migrate`."""
    async with engine.begin() as connection:
        await _alone(connection)
        found = await connection.run_sync(_state)
        if found is None:
            await connection.run_sync(_upgrade)
        elif found != newest():
            raise SchemaTooOld(found or "unknown")
