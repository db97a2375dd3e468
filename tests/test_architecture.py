"""The house keeps its laws, and each law would notice if it were broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.laws import LAWS

ROOT = Path(__file__).parent.parent

BREACHES = {
    "nobody_commits": (
        "bot/store/leak.py",
        "async def leak(session):\n    await session.commit()\n",
    ),
    "transactions_begin_at_edges": (
        "bot/store/leak.py",
        "async def leak(sessions):\n    async with sessions.begin():\n        pass\n",
    ),
    "statements_live_in_the_store": ("bot/outbound/leak.py", "from sqlalchemy import select\n"),
    "the_domain_is_pure": ("bot/domain/leak.py", "async def wait():\n    pass\n"),
    "only_the_clock_knows_the_time": (
        "bot/outbound/leak.py",
        "from datetime import datetime\nnow = datetime.now()\n",
    ),
    "no_drawers": ("bot/store/utils.py", ""),
    "modules_stay_small": ("bot/store/leak.py", "x = 1\n" * 301),
    "every_handler_is_wired": ("handlers/leak.py", "router = None\n"),
}
IMPORTS = {
    "a handler on the network": ("handlers/leak.py", "import aiohttp\n"),
    "the domain with a clock": ("bot/domain/leak.py", "from bot.clock import Clock\n"),
    "the store above itself": ("bot/store/leak.py", "import bot.outbound.sender\n"),
    "the sandbox inside the bot": ("bot/sandbox/leak.py", "import bot.events\n"),
}


@pytest.fixture
def planted(tmp_path):
    """A copy of the tree into which a test may plant a file."""
    for top in ("bot", "handlers", "content"):
        shutil.copytree(
            ROOT / top,
            tmp_path / top,
            ignore=shutil.ignore_patterns("__pycache__", "static", "templates", "data"),
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def plant(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return plant


@pytest.mark.parametrize("law", LAWS)
def test_the_house_keeps_its_laws(law):
    assert LAWS[law](ROOT) == []


@pytest.mark.parametrize("law", LAWS)
def test_a_planted_breach_is_noticed(law, planted):
    root = planted(*BREACHES[law])
    assert any("leak" in breach or "utils" in breach for breach in LAWS[law](root))


@pytest.mark.parametrize("name", IMPORTS)
def test_a_planted_import_breaks_a_contract(name, planted):
    root = planted(*IMPORTS[name])
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "BROKEN" in done.stdout
