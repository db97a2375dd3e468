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

    def start(self, role: str = "all") -> Process:
        words = [] if role in {"worker", "scheduler"} else ["--port", str(self.port)]
        server = Process("bot", "serve", "--role", role, *words, home=self.home, env=self.env)
        self.stack.callback(server.kill)
        server.says("正在运行")
        return server

    def inbox(self) -> dict[str, int]:
        status, text = read(f"{self.url}/readyz")
        return json.loads(text).get("inbox", {}) if status == 200 else {}

    def welcomes(self, *names: str) -> None:
        wait_for(lambda: set(names) <= set(self.sandbox.welcomed()), f"welcomes to {names}")


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request, tmp_path):
    with ExitStack() as stack:
        yield Shop(tmp_path, request.param, stack)


def test_a_new_friend_is_welcomed_and_a_stop_finishes_the_work(shop):
    server = shop.start()
    shop.sandbox.acts(friend("first"))
    shop.welcomes("first")
    shop.sandbox.acts(*(friend(f"late{n}") for n in range(5)))
    began = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    assert server.ends() == 0
    assert time.monotonic() - began < 20
    assert "Traceback" not in server.said()


def test_nothing_is_lost_by_a_power_cut(shop):
    kept = shop.start("web")  # keeps what it hears; nobody works on it
    heard = [f"heard{n}" for n in range(5)]
    shop.sandbox.acts(*map(friend, heard))
    assert shop.inbox() == {"kept": 5}
    kept.kill()
    shop.sandbox.acts(friend("unheard"))
    shop.start()
    shop.sandbox.ask("clock", {"advance": 15})  # the platform calls again what was not answered
    shop.welcomes(*heard, "unheard")
    assert sorted(shop.sandbox.welcomed()) == [*heard, "unheard"]
    assert shop.inbox() == {"handled": 6}


def test_roles_that_start_together_share_the_work(tmp_path):
    with ExitStack() as stack:
        shop = Shop(tmp_path, "postgres", stack)
        shops = [
            Process("bot", "serve", "--role", role, *port, home=tmp_path, env=shop.env)
            for role, port in (
                ("web", ["--port", str(shop.port)]),
                ("worker", []),
                ("scheduler", []),
            )
        ]
        for process in shops:
            stack.callback(process.kill)
        for process in shops:
            process.says("正在运行")
        shop.sandbox.acts(*(friend(f"p{n}") for n in range(4)))
        shop.welcomes("p0", "p1", "p2", "p3")
        assert len(shop.sandbox.welcomed()) == 4


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


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--port", "{taken}"], "已被占用"), (["--host", "0.0.0.0"], "还没有后台用户")],
)
def test_it_refuses_to_start_where_it_should_not(tmp_path, words, said):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = [word.format(taken=taken.getsockname()[1]) for word in words]
        server = Process("bot", "serve", *given, home=tmp_path, env=alone(tmp_path))
        assert server.ends() == 1
    assert said in server.said()
    assert "这样修" in server.said()
