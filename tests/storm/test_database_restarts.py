"""A campaign is sent while its PostgreSQL is torn down and begun again, with no warning and whatever was being
committed: the processes live on, and nobody is lost or written to twice.

STORM_RECIPIENTS, STORM_CRASHES and STORM_SEED make it larger or another one.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import postgres
from tests.processes import wait_for
from tests.storm.test_campaign import (
    FAULTS,
    LONGEST,
    QUIET,
    SECONDS,
    SEED,
    Storm,
    confirmed_and_settled,
    told,
    until,
)

CRASHES = int(os.environ.get("STORM_CRASHES", "20"))


class Shaken(Storm):
    """On a server of its own, which keeps what it has promised to keep."""

    def _database(self) -> str:
        self.server = postgres.Mortal()
        self.stack.callback(self.server.ends)
        return self.server.url.render_as_string(hide_password=False)


@pytest.mark.skipif("SIYU_TEST_POSTGRES" in os.environ, reason="nobody else's server is torn down")
def test_a_database_that_dies_and_comes_back_costs_nothing(tmp_path: Path):
    with ExitStack() as stack:
        here = Shaken(tmp_path, "sql", stack)
        here.launch()
        here.platforms.ask("faults", {"seed": SEED, "faults": FAULTS})
        here.platforms.ask("clock", {"running": True})
        began = time.monotonic()
        for role in ("scheduler", "worker", "worker"):
            here.begin(role)
        wait_for(lambda: len(here.arrivals()) > 0, "the first message", QUIET)
        for _ in range(CRASHES):
            time.sleep(here.chance.uniform(0.2, 2 * SECONDS / CRASHES))
            here.server.crashes()
            here.engine.dispose()
        lived = [role for number, role in here.alive.items() if here.lives(number)]
        healed = until(lambda: not here.of_the_dead(), "the debts of the dead", QUIET)
        sent = until(lambda: not here.unsent(), "the last message", LONGEST)
        took = time.monotonic() - began
        here.platforms.ask("clock", {"running": False})
        until(lambda: confirmed_and_settled(here), "guides and results", 600)
        print(
            f"\n{CRASHES} crashes of the database; of {len(here.alive)} processes {len(lived)} lived on"
        )
        told(here, took=took, kills=0, died=0, healed=healed, sent=sent)
        assert len(lived) == len(here.alive)
