"""A campaign is sent while a deploy after another asks its processes to end: each finishes what it has begun within
twenty seconds, and nobody is lost or written to twice.

STORM_RECIPIENTS, STORM_RESTARTS and STORM_SEED make it larger or another one.
"""

from __future__ import annotations

import os
import signal
import time

from tests.processes import wait_for
from tests.storm.test_campaign import (
    CALLS,
    LONGEST,
    QUIET,
    SECONDS,
    SEED,
    Storm,
    confirmed_and_settled,
    storm,
    told,
    until,
)

RESTARTS = int(os.environ.get("STORM_RESTARTS", "50"))
DRAINED = 20.0


def test_restart_after_restart_loses_and_doubles_nothing(tmp_path):
    with storm(tmp_path, "sql") as here:
        here.launch()
        slow = {
            "match": CALLS[0],
            "do": "delay:0.2",
        }  # so that something is under way whenever they are asked
        here.platforms.ask("faults", {"seed": SEED, "faults": [slow]})
        here.platforms.ask("clock", {"running": True})
        began = time.monotonic()
        for role in ("scheduler", "worker", "worker"):
            here.begin(role)
        drained = [_rolls(here) for _ in range(RESTARTS)]
        here.platforms.ask("faults", {"faults": []})
        healed = until(lambda: not here.of_the_dead(), "the debts of those who ended", QUIET)
        sent = until(lambda: not here.unsent(), "the last message", LONGEST)
        took = time.monotonic() - began
        here.platforms.ask("clock", {"running": False})
        until(lambda: confirmed_and_settled(here), "guides and results", 600)
        print(f"\n{RESTARTS} restarts, the slowest took {max(drained):.1f} s to end")
        assert here.count("SELECT count(*) FROM touch WHERE state = 'unknown'") == 0
        told(here, took=took, kills=0, died=0, healed=healed, sent=sent)


def _rolls(here: Storm) -> float:
    """The next one begins, the oldest is asked to end, and ends by itself; how long that took."""
    time.sleep(here.chance.uniform(0, SECONDS / RESTARTS))
    number, role = next(iter(here.alive.items()))
    here.begin(role)
    asked = time.monotonic()
    os.kill(number, signal.SIGTERM)
    wait_for(lambda: not here.lives(number), f"process {number} to end", DRAINED)
    here.alive.pop(number)
    return time.monotonic() - asked
