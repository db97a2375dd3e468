"""Alembic's entry: on the connection it is handed, or on SIYU_DATABASE_URL when run by hand."""

from __future__ import annotations

import importlib
import os
import pkgutil
from typing import Literal

from alembic import context
from sqlalchemy import JSON, Connection, create_engine, pool

import bot.domain
from bot.domain.mapping import Moment, Row

for module in pkgutil.iter_modules(bot.domain.__path__):
    importlib.import_module(f"bot.domain.{module.name}")


def _plain(kind: str, item: object, _autogen: object) -> str | Literal[False]:
    """Our types are written down as what they are in the database."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_item=_plain,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    url = os.environ.get("SIYU_DATABASE_URL", "sqlite:///siyu.db").replace("+aiosqlite", "")
    with create_engine(url, poolclass=pool.NullPool).begin() as connection:
        migrate(connection)
