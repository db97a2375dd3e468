"""Servers in processes of their own, and what they used of the machine."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 180.0
STOP_SECONDS = 90.0
"""A busy machine is slow, not broken."""
_ports = count(21_000 + os.getpid() % 400 * 20)


def free_port() -> int:
    return next(_ports)


@contextmanager
def running(command: Sequence[str], port: int, env: dict[str, str]) -> Iterator[int]:
    """The process id of this server, once it answers."""
    with tempfile.TemporaryFile() as sink:
        process = subprocess.Popen(
            command, env=environment(**env), stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            _wait(port, process)
            yield process.pid
        except RuntimeError:
            sink.seek(0)
            sys.stderr.write(sink.read().decode(errors="replace")[-2000:])
            raise
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def environment(**more: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}
    return known | {"PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"} | more


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except (urllib.error.HTTPError, http.client.BadStatusLine):
            return  # it answers, if not in HTTP
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not come up")


def cpu_seconds(pid: int) -> float:
    """Of this process and those it started."""
    return sum(_ticks(one) for one in _family(pid)) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    pages = sum(int(_words(one, "statm")[1]) for one in _family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _family(int(child))
    return found


def _ticks(pid: int) -> int:
    after_name = " ".join(_words(pid, "stat")).rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def _words(pid: int, name: str) -> list[str]:
    return Path(f"/proc/{pid}/{name}").read_text().split()
