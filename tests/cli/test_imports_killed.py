"""An import that is killed in the middle and run again counts as one that was not."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
SECRET = "c2l5dS10ZXN0cy1vbmx5LW5vdC1mb3ItYW55LXNob3AtMDEyMw=="
ROWS = 48_000
"""More than are written at a time, several times over."""


def write_orders(path: Path, seed: int) -> int:
    """Two rows an order, many of them alike; returns the sum in fen."""
    dice, total = Random(seed), 0
    with path.open("w", encoding="utf-8") as out:
        out.write("订单号,会员号,付款时间,货号,金额\n")
        for row in range(ROWS):
            fen = dice.choice((1990, 1990, 5900, -1990))
            total += fen
            order = row // 2
            out.write(f"{order:06},{order % 3700:04},2026-03-01 10:00:00,K1,{fen / 100:.2f}\n")
    return total


def start(folder: Path) -> subprocess.Popen[bytes]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}
    env = known | {"SIYU_SECRET_KEY": SECRET, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bot", "import", "orders", "orders.csv", "--json"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, env=env, stdout=quiet, stderr=quiet)


def written(database: Path) -> int:
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as held:
            return int(held.execute("SELECT count(*) FROM shop_order").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_killed_at_a_random_row_and_run_again_each_row_counts_once(run, monkeypatch, tmp_path):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    total = write_orders(tmp_path / "orders.csv", seed=7)
    enough = Random(7).randrange(1, ROWS // 4)
    with start(tmp_path) as first:
        while written(tmp_path / "siyu.db") < enough and first.poll() is None:
            time.sleep(0.02)
        first.kill()
    assert first.returncode == -signal.SIGKILL
    before = written(tmp_path / "siyu.db")
    assert 0 < before < ROWS // 2
    report = run("import", "orders", "orders.csv", "--json").document
    assert (report["known"], report["imported"]) == (2 * before, ROWS - 2 * before)
    with sqlite3.connect(tmp_path / "siyu.db") as held:
        net = "SELECT sum(amount_fen - refunded_fen) FROM shop_order"
        assert held.execute(net).fetchone() == (total,)
        for table in ("order_entry", "order_line"):
            assert held.execute(f"SELECT sum(amount_fen) FROM {table}").fetchone() == (total,)
