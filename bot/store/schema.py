"""The schema's version: brought up from nothing, asked for when it is old."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


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
        await connection.run_sync(_upgrade)


async def prepare(engine: AsyncEngine) -> None:
    """Bring an empty database up; raise SchemaTooOld for one that needs `migrate`."""
    async with engine.begin() as connection:
        state = await connection.run_sync(_state)
        if state is None:
            await connection.run_sync(_upgrade)
        elif state != newest():
            raise SchemaTooOld(state or "unknown")
