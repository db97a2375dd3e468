"""`siyu serve` as it really runs: its own process and loop, a real database, a sandbox next door."""

from __future__ import annotations

import json
import signal
import socket
import time
from contextlib import ExitStack
from itertools import count

import pytest

from tests import postgres
from tests.conftest import SECRET
from tests.processes import (
    Process,
    SandboxProcess,
    environment,
    free_port,
    friend,
    read,
    wait_for,
)

_numbers = count(1)


def empty_database(kind: str, home) -> str:
    if kind == "sqlite":
        return f"sqlite+aiosqlite:///{home / 'siyu.db'}"
    server, name = postgres.server(), f"siyu_serve_{next(_numbers)}"
    postgres.run(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    postgres.run(server, f"CREATE DATABASE {name}")
    return server.set(database=name).render_as_string(hide_password=False)


class Shop:
    """A sandbox and the servers that listen to it; all of them end with the test."""

    def __init__(self, home, kind: str, stack: ExitStack) -> None:
        self.home, self.stack, self.port = home, stack, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Its clock stands: a slow machine must not make a welcome late.
        self.sandbox = SandboxProcess(home, self.url, "--clock", "2026-11-20T10:00:00+08:00")
        stack.callback(self.sandbox.kill)
        self.env = environment(
            **self.sandbox.settings, SIYU_DATABASE_URL=empty_database(kind, home)
        )

    def begin(self, role: str) -> Process:
        words = [] if role in {"worker", "scheduler"} else ["--port", str(self.port)]
        server = Process("bot", "serve", "--role", role, *words, home=self.home, env=self.env)
        self.stack.callback(server.kill)
        return server

    def start(self, *roles: str) -> list[Process]:
        """All of these at the same time, and ready."""
        servers = [self.begin(role) for role in roles]
        for server in servers:
            server.says("正在运行")
        return servers

    def inbox(self) -> dict[str, int]:
        status, text = read(f"{self.url}/readyz")
        return json.loads(text).get("inbox", {}) if status == 200 else {}

    def welcomes(self, *names: str) -> None:
        wait_for(lambda: set(names) <= set(self.sandbox.welcomed()), f"welcomes to {names}")


def powers_fail(*servers: Process) -> None:
    for server in servers:
        server.kill()


def stops(server: Process) -> None:
    began = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    assert server.ends() == 0
    assert time.monotonic() - began < 20
    assert "Traceback" not in server.said()


def survives_a_power_cut(shop: Shop, keeper: Process, before: list[str]) -> Process:
    """What was answered is done, what was not is told again, everything once. Returns who did it."""
    heard = [f"heard{n}" for n in range(5)]
    shop.sandbox.acts(*map(friend, heard))  # nobody works on what the keeper hears
    done = {"handled": len(before)} if before else {}
    assert shop.inbox() == {"kept": 5} | done
    powers_fail(keeper)
    shop.sandbox.acts(friend("unheard"))
    [server] = shop.start("all")
    shop.sandbox.ask("clock", {"advance": 15})  # the platform calls again what was not answered
    shop.welcomes(*heard, "unheard")
    assert sorted(shop.sandbox.welcomed()) == sorted([*before, *heard, "unheard"])
    assert shop.inbox() == {"handled": len(before) + 6}
    return server


@pytest.fixture
def opens(tmp_path):
    with ExitStack() as stack:
        yield lambda kind: Shop(tmp_path, kind, stack)


def test_one_process_welcomes_loses_nothing_by_a_power_cut_and_finishes_its_work(opens):
    shop = opens("sqlite")
    server = survives_a_power_cut(shop, *shop.start("web"), [])
    shop.sandbox.acts(*(friend(f"late{n}") for n in range(5)))
    stops(server)


def test_roles_that_start_together_share_the_work_and_what_one_kept_another_does(opens):
    shop = opens("postgres")
    web, *workers = shop.start("web", "worker", "scheduler")  # on a database without a table
    friends = [f"p{n}" for n in range(4)]
    shop.sandbox.acts(*map(friend, friends))
    shop.welcomes(*friends)
    wait_for(lambda: shop.inbox() == {"handled": 4}, "all four to be marked")
    powers_fail(*workers)
    server = survives_a_power_cut(shop, web, friends)
    shop.sandbox.acts(*(friend(f"late{n}") for n in range(5)))
    stops(server)


def alone(home) -> dict[str, str]:
    """Settings of a shop that is connected to nothing yet."""
    return environment(SIYU_SECRET_KEY=SECRET, SIYU_DATABASE_URL=empty_database("sqlite", home))


def test_a_taken_default_port_moves_up_and_an_interrupt_says_130(tmp_path):
    with ExitStack() as stack:
        if read("http://127.0.0.1:8765")[0] == 0:
            taken = stack.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", 8765))
            taken.listen()
        server = Process("bot", "serve", home=tmp_path, env=alone(tmp_path))
        stack.callback(server.kill)
        assert "端口 8765 有别的程序在用，改用 " in server.says("正在运行")
        server.popen.send_signal(signal.SIGINT)
        assert server.ends() == 130
