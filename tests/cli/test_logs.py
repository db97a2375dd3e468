"""What is logged is one line each, whatever somebody put into it."""

from __future__ import annotations

import json
import subprocess
import sys

HOSTILE = "a\r\nlevel=critical \x1b[31m \x9b2J \u2028 \u202e"
SAYS = f"""
import structlog
from bot.cli import logs
logs.to_stderr()
structlog.get_logger().info("heard", name={HOSTILE!r})
"""


def test_nobody_writes_a_line_of_her_own_or_moves_the_cursor():
    done = subprocess.run([sys.executable, "-c", SAYS], capture_output=True, check=True)
    told = done.stderr.decode()
    assert told.count("\n") == len(told.splitlines()) == 1
    assert not set(HOSTILE) - {" "} & {c for c in told[:-1] if not c.isprintable()}
    assert json.loads(told)["name"] == HOSTILE
