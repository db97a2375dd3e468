"""Every promise holds for a recorded day, and notices when it is broken: nothing else does."""

from __future__ import annotations

import ast
import shutil
import sqlite3
from pathlib import Path

import pytest

from bot.demo import check
from tests.demo.planted import PLANTS, Plant


@pytest.fixture
def copied(recorded: Path, tmp_path: Path) -> Path:
    for file in recorded.glob("siyu.db*"):
        shutil.copy(file, tmp_path)
    return tmp_path / "siyu.db"


def test_every_promise_is_kept_in_a_day_with_all_faults_on(recorded):
    verdicts = check.check(recorded / "siyu.db", check.read_log(recorded / "sandbox.log"))
    assert {name: broken for name, broken in verdicts.items() if broken} == {}


def test_the_day_had_something_of_everything(recorded):
    with check.Evidence(
        recorded / "siyu.db", check.read_log(recorded / "sandbox.log")
    ) as evidence:
        assert {row["channel"] for row in evidence.arrivals} >= {
            "wecom_mass",
            "kf",
            "official",
            "welcome",
        }
        assert {heard.channel for heard in evidence.marketing} >= {"wecom_mass", "kf"}
        assert {row["fault"] for row in evidence.calls + evidence.callbacks if "fault" in row}
        for table in (
            "touch",
            "coupon",
            "redemption",
            "points_entry",
            "invite",
            "case_step",
            "audit",
        ):
            assert evidence.ask(f"SELECT count(*) AS n FROM {table}")[0]["n"] > 0, table


@pytest.mark.parametrize(
    ("promise", "plant"), [pytest.param(p, bug, id=f"{p}: {how}") for p, how, bug in PLANTS]
)
def test_a_planted_bug_is_noticed_by_its_promise_alone(
    recorded: Path, copied: Path, promise: str, plant: Plant
):
    log = check.read_log(recorded / "sandbox.log")
    with sqlite3.connect(copied) as db:
        db.row_factory = sqlite3.Row
        plant(db, log)
    db.close()
    noticed = {name: broken for name, broken in check.check(copied, log).items() if broken}
    assert list(noticed) == [promise], noticed


def test_a_bug_is_planted_for_every_promise():
    assert {promise for promise, _, _ in PLANTS} == set(check.PROMISES)


def test_the_check_shares_no_code_with_the_bot():
    package = Path(check.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in package.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    ours = {name for name in named if name.partition(".")[0] in ("bot", "handlers", "content")}
    assert all(name.startswith("bot.demo.check") for name in ours)
