"""A real nats-server with JetStream on this machine, for the tests that need one."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.processes import free_port, wait_for


def missing() -> bool:
    return shutil.which("nats-server") is None


needed = pytest.mark.skipif(missing(), reason="no nats-server here")


class NatsServer:
    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        where = ["-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.home / "nats")]
        with (self.home / "nats.log").open("ab") as sink:
            self.popen = subprocess.Popen(["nats-server", *where], stdout=sink, stderr=sink)
        wait_for(self._answers, "nats-server")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()
