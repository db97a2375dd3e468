"""Commands run in this process, as `siyu` would run them; a sandbox process to run them against."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from bot.cli import cli
from bot.cli.errors import explained
from bot.cli.manner import LOCALES
from tests.processes import SandboxProcess


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """`run("clock", "show")` in an empty folder, with no settings but those given to `run.env`."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SIYU_")]:
        monkeypatch.delenv(name)
    for name in LOCALES:
        monkeypatch.delenv(name, raising=False)

    def run(*words: object) -> Done:
        capsys.readouterr()
        code = explained(cli, [str(word) for word in words])
        return Done(code, *capsys.readouterr())

    yield run
    # A command tells its logs where to go, which is this test's own stderr: nobody else's.
    structlog.reset_defaults()
    logging.basicConfig(handlers=[], force=True)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.kill()


@pytest.fixture
def connected(run, sandbox, monkeypatch):
    """`run` with the settings that point at the sandbox, where nothing is broken."""
    sandbox.ask("faults", {"faults": []})
    for name, value in sandbox.settings.items():
        monkeypatch.setenv(name, value)
    return run
