"""Fresh databases with the newest schema: made once as a template, copied for every test."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL

import bot.domain
from bot.domain.mapping import Row
from tests import postgres

_numbers = count(1)


def _schema(url: str | URL) -> None:
    for module in pkgutil.iter_modules(bot.domain.__path__):
        importlib.import_module(f"bot.domain.{module.name}")
    engine = create_engine(url)
    Row.metadata.create_all(engine)
    engine.dispose()


class SqliteFiles:
    def __init__(self, home: Path) -> None:
        self.template = home / "template.db"
        _schema(f"sqlite:///{self.template}")

    def fresh(self, home: Path) -> str:
        path = home / f"siyu-{next(_numbers)}.db"
        shutil.copy(self.template, path)
        return f"sqlite+aiosqlite:///{path}"

    def drop(self, url: str) -> None:
        Path(url.removeprefix("sqlite+aiosqlite:///")).unlink(missing_ok=True)


class PostgresDatabases:
    def __init__(self, home: Path) -> None:
        self.server = postgres.server()
        postgres.run(self.server, "DROP DATABASE IF EXISTS siyu_template WITH (FORCE)")
        postgres.run(self.server, "CREATE DATABASE siyu_template")
        _schema(self.server.set(database="siyu_template"))

    def fresh(self, home: Path) -> str:
        name = f"siyu_test_{next(_numbers)}"
        postgres.run(self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        postgres.run(self.server, f"CREATE DATABASE {name} TEMPLATE siyu_template")
        return self.server.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        name = url.split("?", 1)[0].rsplit("/", 1)[1]
        postgres.run(self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
