"""Fresh databases with the newest schema: made once as a template, copied for every test."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
from contextlib import closing
from itertools import count
from pathlib import Path
from sqlite3 import connect
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

import bot.domain
from bot.domain.mapping import Row
from bot.store.engine import open_engine
from tests import postgres

_numbers = count(1)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""Runs side by side share a server, never a database."""


def _schema(url: str | URL) -> None:
    for module in pkgutil.iter_modules(bot.domain.__path__):
        importlib.import_module(f"bot.domain.{module.name}")
    engine = create_engine(url)
    Row.metadata.create_all(engine)
    engine.dispose()


class Redirected:
    """One engine for all tests, led to each test's own database: what SQLAlchemy compiled once stays known."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.target = url
        event.listen(self.engine.sync_engine, "do_connect", self._lead)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _undurable)

    def to(self, url: str) -> AsyncEngine:
        self.target = url
        return self.engine

    def _lead(self, dialect: Any, _record: object, args: list[Any], named: dict[str, Any]) -> None:
        args[:], led = dialect.create_connect_args(make_url(self.target))
        named.update(led)


def _undurable(connection: Any, _record: object) -> None:
    """A test's database need not outlive a power cut, and waiting for the disk is most of a commit."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


def _file(url: str | Path) -> Path:
    return Path(str(url).removeprefix("sqlite+aiosqlite:///"))


class SqliteFiles:
    def __init__(self, home: Path) -> None:
        self.template = home / "template.db"
        _schema(f"sqlite:///{self.template}")

    def fresh(self, home: Path) -> str:
        path = home / f"siyu-{next(_numbers)}.db"
        shutil.copy(self.template, path)
        return f"sqlite+aiosqlite:///{path}"

    def anywhere(self) -> str:
        return f"sqlite+aiosqlite:///{self.template}"

    def empty(self, home: Path) -> str:
        return f"sqlite+aiosqlite:///{home / f'siyu-{next(_numbers)}.db'}"

    def keep(self, url: str, name: str) -> None:
        """Remember what is in it, so that other fresh ones can be given the same."""
        remembered = connect(_file(self.template).with_name(f"{name}.db"))
        with closing(connect(_file(url))) as written, closing(remembered):
            written.backup(remembered)

    def bring(self, url: str, name: str) -> bool:
        """Into a fresh one that nobody has opened yet; False where nothing is remembered."""
        remembered = self.template.with_name(f"{name}.db")
        if remembered.exists():
            shutil.copy(remembered, _file(url))
        return remembered.exists()

    def drop(self, url: str) -> None:
        _file(url).unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is held open."""


def _wipe() -> str:
    """Whoever still looks is sent away, children go before their parents, and numbers begin again."""
    emptied = " ".join(
        f'DELETE FROM "{table.name}";' for table in reversed(Row.metadata.sorted_tables)
    )
    return f"""
CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  {emptied}
  FOR one IN SELECT quote_ident(sequencename) AS name FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE 'ALTER SEQUENCE ' || one.name || ' RESTART';
  END LOOP;
END $$
"""


def _remembering(name: str) -> str:
    """Copies of all tables beside them, and a function that fills empty ones from there."""
    tables = [table.name for table in Row.metadata.sorted_tables]
    copies = "".join(f'CREATE TABLE {name}."{one}" AS TABLE public."{one}";' for one in tables)
    filled = "".join(
        f'INSERT INTO public."{one}" OVERRIDING SYSTEM VALUE SELECT * FROM {name}."{one}";'
        for one in tables
    )
    return f"""
CREATE SCHEMA {name};
{copies}
CREATE TABLE {name}.numbers AS SELECT quote_ident(sequencename) AS name, last_value
  FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
CREATE FUNCTION {name}.bring() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  {filled}
  PERFORM setval('public.' || name, last_value) FROM {name}.numbers;
END $$
"""


class PostgresDatabases:
    """Making a database takes a server longer than most tests: one is wiped and used again."""

    def __init__(self, home: Path) -> None:
        self.server = postgres.server()
        self.template = f"siyu_template_{WORKER}"
        self._remake(self.template, like="template0")
        _schema(self.server.set(database=self.template))
        postgres.run(self.server.set(database=self.template), _wipe())
        self._used: dict[str, Connection] = {}
        self._clean: list[str] = []
        self._kept: set[tuple[str, str]] = set()

    def fresh(self, home: Path) -> str:
        if self._clean:
            return self._clean.pop()
        url = self._made(like=self.template)
        # Kept open: a connection that knows the tables already wipes them in a twentieth of the time.
        self._used[url] = create_engine(url, isolation_level="AUTOCOMMIT").connect()
        return url

    def anywhere(self) -> str:
        return self.server.render_as_string(hide_password=False)

    def empty(self, home: Path) -> str:
        return self._made(like="template0")

    def keep(self, url: str, name: str) -> None:
        self._used[url].execute(text(_remembering(name)))
        self._kept.add((url, name))

    def bring(self, url: str, name: str) -> bool:
        known = (url, name) in self._kept
        if known:
            self._used[url].execute(text(f"SELECT {name}.bring()"))
        return known

    def drop(self, url: str) -> None:
        if url in self._used:
            self._used[url].execute(text("SELECT wipe()"))
            self._clean.append(url)
        else:
            name = make_url(url).database
            postgres.run(self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        for connection in self._used.values():
            connection.close()
            connection.engine.dispose()

    def _made(self, *, like: str) -> str:
        name = f"siyu_test_{WORKER}_{next(_numbers)}"
        self._remake(name, like=like)
        return self.server.set(database=name).render_as_string(hide_password=False)

    def _remake(self, name: str, *, like: str) -> None:
        postgres.run(
            self.server,
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {like}",
        )
