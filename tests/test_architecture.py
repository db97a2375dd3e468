"""The house keeps its laws, and each law would notice if it were broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
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
    "handlers load, decide and owe": ("handlers/leak.py", "import aiohttp\n", "aiohttp"),
    "the domain does no I/O": (
        "bot/domain/leak.py",
        "from bot.clock import Clock\n",
        "bot.clock",
    ),
    "layers": ("bot/store/leak.py", "import bot.outbound.sender\n", "bot.outbound.sender"),
    "the sandbox shares no code": ("bot/sandbox/leak.py", "import bot.events\n", "bot.events"),
    "the checker shares no code": ("bot/demo/check.py", "import bot.store\n", "bot.store"),
}
"""By contract: the file that breaks it, and what it may not know."""


def _copied(tmp_path: Path) -> Path:
    for top in ("bot", "handlers", "content"):
        shutil.copytree(
            ROOT / top,
            tmp_path / top,
            ignore=shutil.ignore_patterns("__pycache__", "static", "templates", "data"),
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return _copied(tmp_path_factory.mktemp("laws"))


@pytest.fixture
def planted(copy):
    """A copy of the tree into which a test may plant a file."""
    made: list[Path] = []

    def plant(name: str, text: str) -> Path:
        made.append(copy / name)
        made[-1].write_text(text, encoding="utf-8")
        return copy

    yield plant
    for path in made:
        path.unlink()


@pytest.fixture(scope="module")
def linted(tmp_path_factory):
    """What the import linter says of a tree in which every contract is broken once."""
    root = _copied(tmp_path_factory.mktemp("imports"))
    for name, text, _ in IMPORTS.values():
        with (root / name).open("a", encoding="utf-8") as stream:
            stream.write(text)
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("law", LAWS)
def test_the_house_keeps_its_laws(law):
    assert LAWS[law](ROOT) == []


@pytest.mark.parametrize("law", LAWS)
def test_a_planted_breach_is_noticed(law, planted):
    root = planted(*BREACHES[law])
    assert any("leak" in breach or "utils" in breach for breach in LAWS[law](root))


@pytest.mark.parametrize("contract", IMPORTS)
def test_a_planted_import_breaks_its_contract(contract, linted):
    name, _, known = IMPORTS[contract]
    leak = name.removesuffix(".py").replace("/", ".")
    assert linted.returncode == 1
    assert re.search(rf"^{re.escape(contract)}.* BROKEN$", linted.stdout, re.MULTILINE)
    assert f"{leak} -> {known}" in linted.stdout


def test_every_contract_is_proved():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [one["name"] for one in contracts["tool"]["importlinter"]["contracts"]]
    assert all(any(name.startswith(known) for known in IMPORTS) for name in names)
