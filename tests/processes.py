"""Real processes of ours for tests: a sandbox, a server, and what they say."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
"""A busy machine is slow, not broken."""


_numbers = count(os.getpid() * 38 % 9_000)


def free_port() -> int:
    """A port that is free and so is its neighbour; below those that outgoing connections take for themselves."""
    while True:
        port = 20_000 + next(_numbers) * 2 % 10_000
        if _bindable(port) and _bindable(port + 1):
            return port


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_for(look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


def environment(**more: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}
    return known | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | more


def read(url: str) -> tuple[int, str]:
    """Status and text; 0 where nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


class Process:
    """`python -m module words…` with its output in a file."""

    def __init__(self, module: str, *words: str, home: Path, env: dict[str, str]) -> None:
        self.output = home / f"{module}-{time.monotonic_ns()}.log"
        with self.output.open("wb") as sink:
            command = [sys.executable, "-m", module, *words]
            self.popen = subprocess.Popen(command, cwd=home, env=env, stdout=sink, stderr=sink)

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def says(self, words: str, seconds: float = PATIENCE) -> str:
        wait_for(lambda: words in self.said() or self.popen.poll() is not None, words, seconds)
        assert words in self.said(), self.said()
        return self.said()

    def ends(self, seconds: float = PATIENCE) -> int:
        return self.popen.wait(seconds)

    def kill(self) -> None:
        """Like a power cut: nothing is finished, nothing is said."""
        self.popen.kill()
        self.popen.wait()


class SandboxProcess(Process):
    def __init__(self, home: Path, callback_base: str = "", *words: str) -> None:
        self.env_file = home / "sandbox.env"
        given = ["--env-file", str(self.env_file), "--port", str(free_port())]
        given += ["--callback-base", callback_base] if callback_base else []
        super().__init__("bot.sandbox", *given, *words, home=home, env=environment())
        self.says("sandbox ready")
        lines = self.env_file.read_text(encoding="utf-8").splitlines()
        self.settings = dict(line.split("=", 1) for line in lines)
        self.url = self.settings["SIYU_WECOM_API_BASE"]

    def ask(self, path: str, wish: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/__sandbox__/{path}", data=json.dumps(wish).encode()
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def acts(self, *acts: dict[str, Any]) -> list[dict[str, Any]]:
        return self.ask("act", {"acts": acts})["results"]

    def rows(self, side: str, **wanted: Any) -> list[dict[str, Any]]:
        _, text = read(f"{self.url}/__sandbox__/log")
        rows = [json.loads(line) for line in text.splitlines()]
        fits = [row for row in rows if row["side"] == side]
        return [row for row in fits if all(row.get(k) == v for k, v in wanted.items())]

    def welcomed(self) -> list[str]:
        """Who got a welcome, as often as she got it."""
        return [row["to"] for row in self.rows("arrival", channel="welcome")]


def friend(name: str) -> dict[str, str]:
    return {"act": "add_friend", "customer": name, "name": "新朋友", "contact_way": "store-s01"}


@contextmanager
def killed_at_the_end(*processes: Process) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
