"""Importing orders from a CSV, beside a bare loop of csv and sqlite3's executemany over the same file.

    python benchmarks/imports.py [--small] [--rows N] [--lines] [--only sqlite|postgres]

The bare loop reads the file, turns money into fen and writes one table; ours recognises columns, checks every cell,
meets the customers, and keeps orders, entries and lines so that a second import changes nothing.

Goals: 50,000 rows a second after reading, 300 MB whatever the file.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gc
import os
import resource
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from kit.databases import fresh

from bot.inbound.imports import Report, Wish, import_file
from bot.store import schema
from bot.store.engine import Sessions, open_engine
from bot.store.vault import Vault

ROWS, SMALL = 1_000_000, 20_000
PER_SECOND, MEGABYTES = 50_000, 300
NOW = datetime(2026, 3, 12, tzinfo=UTC)
BARE = "INSERT INTO shop_order (order_no, customer, at, sku, amount_fen) VALUES (?, ?, ?, ?, ?)"


def write_file(path: Path, rows: int, *, lines: bool) -> None:
    """Four orders a customer; with `lines`, five rows an order."""
    dice, per_order = Random(1), 5 if lines else 1
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["订单编号", "会员号", "付款时间", "货号", "商品名称", "数量", "实付金额"])
        for number in range(rows):
            order = number // per_order
            at = NOW - timedelta(minutes=10 + dice.randrange(900_000))
            who, amount = dice.randrange(rows // per_order // 4 + 1), dice.randrange(100_000)
            sku = f"K{dice.randrange(400):03}" if lines else ""
            if number % per_order == 0:
                first = (f"{order:010}", f"{who:08}", f"{at:%Y-%m-%d %H:%M:%S}")
            out.writerow([*first, sku, sku and "衬衫", 1, f"{amount / 100:.2f}"])


def bare(path: Path, database: Path) -> float:
    started = time.perf_counter()
    held = sqlite3.connect(database)
    held.execute("PRAGMA journal_mode = WAL")
    held.execute("PRAGMA synchronous = FULL")
    held.execute(
        "CREATE TABLE shop_order (id INTEGER PRIMARY KEY, order_no, customer, at, sku, amount_fen)"
    )
    with path.open(encoding="utf-8", newline="") as stream, held:
        rows = csv.reader(stream)
        next(rows)
        held.executemany(
            BARE,
            (
                (r[0], r[1], datetime.fromisoformat(r[2]), r[3], int(Decimal(r[6]) * 100))
                for r in rows
            ),
        )
    held.close()
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds in all, after the file was read, and of computing in this process."""

    all: float
    after: float
    computing: float
    report: Report


async def ours(path: Path, url: str) -> Took:
    engine = open_engine(url)
    await schema.prepare(engine)
    sessions, vault = Sessions(engine), Vault(os.urandom(32))
    started = read = time.perf_counter()
    computed = time.process_time()

    def watch(what: str, _done: int, _all: int) -> None:
        nonlocal read
        read = time.perf_counter() if what == "读取" else read

    wish = Wish("orders", NOW, ZoneInfo("Asia/Shanghai"))
    report = await import_file(sessions, vault, path, wish, watch)
    ended, computed = time.perf_counter(), time.process_time() - computed
    await sessions.close()
    return Took(ended - started, ended - read, computed, report)


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measured(path: Path, rows: int, engine: str, url: str, floor: float) -> None:
    before = peak()
    first = asyncio.run(ours(path, url))
    assert first.report.imported == rows, first.report.facts()
    print(f"{engine}: {first.report.new:,} orders, {first.report.customers:,} customers")
    note("siyu import", first.all, rows, floor)
    note(f"after reading (≥ {PER_SECOND:,})", first.after, rows, floor)
    note("processor time of it", first.computing, rows, floor)
    print(f"peak memory {peak()} MB (≤ {MEGABYTES}), {peak() - before} MB more than before")
    again = asyncio.run(ours(path, url))
    assert again.report.known == rows, again.report.facts()
    note("the same again", again.all, rows, floor)


def note(name: str, took: float, rows: int, floor: float) -> None:
    each, many = 1e6 * took / rows, rows / took
    print(f"{name:<26}{each:8.1f} µs/row{many:12,.0f} rows/s   × {took / floor:.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--lines", action="store_true", help="five lines an order")
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    said = parser.parse_args()
    rows = said.rows or (SMALL if said.small else ROWS)
    gc.set_threshold(100_000, 50, 100)  # as every `siyu` command does
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        write_file(path, rows, lines=said.lines)
        floor = bare(path, Path(folder) / "bare.db")
        print(f"{rows:,} rows")
        note("bare csv + executemany", floor, rows, floor)
        for engine in [said.only] if said.only else ["sqlite", "postgres"]:
            with fresh(engine) as url:
                measured(path, rows, engine, url, floor)


if __name__ == "__main__":
    main()
