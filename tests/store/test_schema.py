"""The migrations build the very tables that the code describes, and an old database is told so."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from bot.store import schema
from bot.store.engine import open_engine


@pytest.fixture
async def empty(databases, tmp_path):
    url = databases.empty(tmp_path)
    engine = open_engine(url)
    yield engine
    await engine.dispose()
    databases.drop(url)


def _described(connection: Connection) -> dict[str, Any]:
    """Tables with their columns, keys and indexes, as the database itself tells them."""
    look = inspect(connection)
    tables = set(look.get_table_names()) - {"alembic_version"}
    return {
        name: {
            "columns": [
                column | {"type": repr(column["type"])} for column in look.get_columns(name)
            ],
            "key": look.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(
                sorted(one["column_names"]) for one in look.get_unique_constraints(name)
            ),
            "indexes": sorted(map(_index, look.get_indexes(name)), key=str),
            "foreign": sorted(look.get_foreign_keys(name), key=str),
            "checks": sorted(one["sqltext"] for one in look.get_check_constraints(name)),
        }
        for name in sorted(tables)
    }


def _index(told):
    return told | {"dialect_options": {k: str(v) for k, v in told["dialect_options"].items()}}


async def test_migrations_make_what_the_code_describes(empty, sessions):
    await schema.prepare(empty)
    async with empty.connect() as migrated, sessions.engine.connect() as described:
        assert await migrated.run_sync(_described) == await described.run_sync(_described)


async def test_a_prepared_database_stays_as_it_is(empty):
    await schema.prepare(empty)
    await schema.prepare(empty)
    await schema.migrate(empty)
    async with empty.connect() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == (
            schema.newest()
        )


async def test_an_older_database_asks_for_migrate(empty):
    await schema.prepare(empty)
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(schema.SchemaTooOld, match="0000"):
        await schema.prepare(empty)
