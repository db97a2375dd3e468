"""Five hundred people add a guide within ten seconds while the platform takes three seconds to greet each:
everybody is greeted in time, and once.

STORM_ADDS makes it smaller.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime

from tests.processes import Process, SandboxProcess, environment, free_port, friend, wait_for

ADDS = int(os.environ.get("STORM_ADDS", "500"))
SECONDS = 10
LATENCY = 3.0
P99, LONGEST = 5.0, 18.0
"""Seconds from being added to our asking the platform to greet, and to the greeting itself."""


def test_everybody_is_greeted_in_time_while_the_platform_is_slow(tmp_path):
    with ExitStack() as stack:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        sandbox = SandboxProcess(tmp_path, url)
        stack.callback(sandbox.kill)
        env = environment(
            **sandbox.settings, SIYU_DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'siyu.db'}"
        )
        env.pop("SIYU_CLOCK_FILE", None)
        bot = Process("bot", "serve", "--port", str(port), home=tmp_path, env=env)
        stack.callback(bot.kill)
        bot.says("正在运行")
        slow = {"match": "*/send_welcome_msg", "do": f"delay:{LATENCY}"}
        sandbox.ask("faults", {"faults": [slow]})
        began = time.monotonic()
        for place in range(SECONDS * 2):
            some = range(place * ADDS // (SECONDS * 2), (place + 1) * ADDS // (SECONDS * 2))
            sandbox.acts(*(friend(f"new{n}") for n in some))
            time.sleep(max(0.0, began + (place + 1) / 2 - time.monotonic()))
        wait_for(lambda: len(sandbox.welcomed()) >= ADDS, "everybody to be greeted", 120)
        added = {
            row["args"]["customer"]: row["t"] for row in sandbox.rows("act", act="add_friend")
        }
        greeted = sandbox.rows("arrival", channel="welcome")
    waits = sorted(_seconds(added[row["to"]], row["t"]) for row in greeted)
    p99 = waits[int(len(waits) * 0.99) - 1] - LATENCY
    doubled = [who for who, times in Counter(row["to"] for row in greeted).items() if times > 1]
    print(
        f"\n{len(waits)} greeted: asked for within {p99:.1f} s (p99), there after {waits[len(waits) // 2]:.1f} s "
        f"(median), {waits[-1]:.1f} s (longest)"
    )
    assert doubled == []
    assert len(waits) == ADDS
    assert waits[-1] < LONGEST
    assert p99 <= P99


def _seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()
