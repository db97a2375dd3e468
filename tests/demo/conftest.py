"""One small day, recorded once, for everybody who wants to look at it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a played day: `siyu.db`, `sandbox.log`, `bot.err` and what was planted."""
    home = tmp_path_factory.mktemp("evidence")
    with (home / "bot.err").open("wb") as err, (home / "bot.out").open("wb") as out:
        subprocess.run(
            [sys.executable, "-m", "tests.demo.evidence", str(home)],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=out,
            stderr=err,
            timeout=150,
            check=True,
        )
    return home
