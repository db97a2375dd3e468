"""Tiers, purchase tags and audiences of a million customers, beside DuckDB's bare score query in the same run.

    python benchmarks/tiers.py [--small] [--customers N] [--only sqlite|postgres] [--postgres URL]

PostgreSQL comes with the test tools, in its own default settings, unless a URL is given.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import world
from sqlalchemy import func, make_url, select

from bot.domain.segments import parse
from bot.domain.tags import Bought, TagBook
from bot.domain.tiers import CustomerTier, TierMove
from bot.store import segments, tags, tiers
from bot.store.engine import Sessions, open_engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
HOME = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
FRESH = 10_000
FIRST, AGAIN = "tiers: everybody for the first time", "tiers: again, nothing new"
AFTER, NIGHT = "tiers: after 10,000 new orders", "tiers: everybody, the night after"
BARE_TAGS, TAGS = "tags: 20 bare INSERT ... SELECT", "tags: retagged by 20 rules"
LOOP, THREE = "tags: one by one, extrapolated", "audience: 3 tags"
LIVE = "console: five conditions"
LOOPED = 300
GOALS: dict[str, dict[str, tuple[float, float]]] = {
    FIRST: {"sqlite": (30, 5), "postgres": (20, 5)},
    NIGHT: {"sqlite": (30, 5), "postgres": (20, 5)},
    AFTER: {"sqlite": (2, 0.5), "postgres": (2, 0.5)},
    THREE: {"sqlite": (0.15, 0.002), "postgres": (0.15, 0.002)},
    LIVE: {"sqlite": (1, 0.3), "postgres": (1, 0.3)},
}
"""Floor and aim in seconds for a million customers on a quiet machine of two cores."""
CATEGORY = [f"兴趣/{name}" for name in world.CATEGORIES]
SCORE = """
WITH days AS (
  SELECT who, ("at" + 28800) // 86400 AS day, sum(fen) AS net, sum(greatest(fen, 0)) AS paid, max(fen > 0) AS visit
  FROM entry GROUP BY ALL),
habits AS (
  SELECT who, min(day) FILTER (visit) AS first, max(day) FILTER (visit) AS last, count(*) FILTER (visit) AS x,
         sum(paid) AS paid FROM days GROUP BY who HAVING count(*) FILTER (visit) > 0),
brand AS (
  SELECT sum(last - first) / sum(x - 1) AS gap, sum(paid) / sum(x) AS basket,
         least(greatest(4 * sum(last - first) / sum(x - 1), 180), 730) AS half FROM habits),
sums AS (
  SELECT who, sum(pow(2, -({today} - day) / half)) FILTER (visit) AS n,
         greatest(sum(net * pow(2, -({today} - day) / half)), 0) AS d FROM days, brand GROUP BY who),
scores AS (
  SELECT who, n / (1 + pow(({today} - last) / ((last - first + 2 * gap) / (x + 1)) / 5, 2)) AS a, n, d, basket
  FROM habits JOIN sums USING (who), brand)
SELECT count(*), sum(a * (d + basket) / (n + 1)) FROM scores
"""


@dataclass
class Figures:
    """What one database took, in seconds unless its name says otherwise."""

    engine: str
    rows: dict[str, Any] = field(default_factory=dict)

    def note(self, name: str, value: Any) -> None:
        self.rows[name] = value
        floor, aim = GOALS.get(name, {}).get(self.engine, (None, None))
        goal = f"   goal ≤ {floor} s, aim {aim} s" if floor else ""
        print(f"  {self.engine:9} {name:36} {_said(value):>12}{goal}", flush=True)

    def compare(self, bare: float) -> None:
        """The figures that hold on any machine: one against the other in the same run."""
        rows = self.rows
        self.note("ratio: a night to DuckDB's score", rows[NIGHT] / bare)
        self.note("ratio: tags to bare (goal ≤ 1.5)", rows[TAGS] / rows[BARE_TAGS])
        self.note("ratio: one by one to tags (≥ 200)", rows[LOOP] / rows[TAGS])


def _said(value: Any) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"


def duckdb_seconds(made: world.World) -> float:
    """The bare score query over the same rows, already in DuckDB's own columns."""
    import duckdb

    paid, back = made.tables["order_entry"], made.tables["order_entry "]
    joined = {
        "who": np.concatenate([paid["customer_id"], back["customer_id"]]),
        "at": np.concatenate([_seconds(paid["at"]), _seconds(back["at"])]),
        "fen": np.concatenate([paid["amount_fen"], back["amount_fen"]]),
    }
    with duckdb.connect(config={"threads": 2}) as db:
        db.register("rows", joined)
        db.execute("CREATE TABLE entry AS SELECT * FROM rows")
        asked = SCORE.format(today=int(world.ENDS.timestamp() + 28_800) // world.DAY)
        took = []
        for _ in range(3):
            began = time.perf_counter()
            db.execute(asked).fetchall()
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def _seconds(moments: Any) -> Any:
    return np.array(moments, dtype="M8[s]").astype(np.int64)


def rules() -> TagBook:
    """Twenty ways in which people buy."""
    found: list[dict[str, Any]] = [
        {"tag": tag, "category": tag.split("/")[1], "orders": {"least": 2}, "within_days": 365}
        for tag in CATEGORY
    ]
    bands = ((0, 15_000), (15_000, 40_000), (40_000, None))
    for name, (low, high) in zip(("平价", "中档", "高端"), bands, strict=True):
        price = {"from": low} | ({"below": high} if high else {})
        found.append({"tag": f"价格带/{name}", "price": price, "within_days": 365})
    stages = (("新客", 1, 1), ("回头客", 2, 4), ("熟客", 5, None))
    for name, least, most in stages:
        orders = {"least": least} | ({"most": most} if most else {})
        found.append({"tag": f"购买阶段/{name}", "orders": orders})
    found += [
        {"tag": f"近况/{days}天", "orders": {"least": 1}, "within_days": days}
        for days in (30, 90, 180, 365, 730)
    ]
    weekends = {"share": 0.6, "orders": 3}
    found.append({"tag": "购物习惯/周末", "at_weekends": weekends, "within_days": 365})
    groups: dict[str, list[str]] = {}
    for rule in found:
        group, name = rule["tag"].split("/")
        groups.setdefault(group, []).append(name)
    return TagBook.model_validate(
        {
            "groups": [{"name": group, "tags": names} for group, names in groups.items()],
            "rules": [rule | {"when": "purchase"} for rule in found],
        }
    )


async def measured(url: str, made: world.World, figures: Figures) -> None:
    began = time.perf_counter()
    await world.make_tables(url)
    await asyncio.to_thread(world.load, url, made)
    figures.note("load", time.perf_counter() - began)
    engine = open_engine(url)
    sessions = Sessions(engine)
    try:
        await _tiers(sessions, url, made, figures)
        await _tags(sessions, made.customers, figures)
        await _audiences(sessions, figures)
    finally:
        await sessions.close()


async def _tiers(sessions: Sessions, url: str, made: world.World, figures: Figures) -> None:
    first = await _timed(figures, FIRST, _rerun(sessions, 0))
    again = await _timed(figures, AGAIN, _rerun(sessions, 0))
    assert again.written == 0, again.written
    fresh = world.more_orders(FRESH, customers=made.customers, orders=made.orders)
    await asyncio.to_thread(world.load, url, fresh, empty=False)
    who = np.unique(fresh.tables["shop_order"]["customer_id"]).tolist()

    async def refreshed() -> Any:
        return await tiers.refresh_many(sessions, who, world.ENDS + DAY / 2)

    await _timed(figures, AFTER, refreshed)
    night = await _timed(figures, NIGHT, _rerun(sessions, 1))
    figures.note("customers with a tier", len(first.customers))
    figures.note("moves of that night", night.moved)
    async with sessions.reading() as session:
        kept = await session.scalar(select(func.count()).select_from(CustomerTier))
        moves = await session.scalar(select(func.count()).select_from(TierMove))
    assert kept == len(night.customers), (kept, len(night.customers))
    assert moves >= night.moved


def _rerun(sessions: Sessions, days: int) -> Callable[[], Awaitable[Any]]:
    return lambda: tiers.rerun(sessions, world.ENDS + DAY * days, zone=HOME)


async def _timed(figures: Figures, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
    began = time.perf_counter()
    result = await work()
    figures.note(name, time.perf_counter() - began)
    return result


async def _tags(sessions: Sessions, customers: int, figures: Figures) -> None:
    book, now = rules(), world.ENDS + DAY
    async with sessions.begin() as session:
        await tags.publish(session, book)
    bare = await _bare(sessions, book, now)
    figures.note(BARE_TAGS, bare)

    async def everybody() -> int:
        return await tags.retag_all(sessions, book, now)

    changed = await _timed(figures, TAGS, everybody)
    figures.note("tags put on", changed)
    assert await _timed(figures, "tags: again, nothing new", everybody) == 0
    began = time.perf_counter()
    for customer_id in range(1, LOOPED + 1):
        async with sessions.begin() as session:
            await tags.retag(session, book, now, [customer_id])
    one = (time.perf_counter() - began) / LOOPED
    figures.note(LOOP, one * customers)


BARE = """
INSERT INTO customer_tag (customer_id, tag_id, source, evidence, confidence, at, by)
SELECT o.customer_id, {tag}, 'bare', '{{}}', 1.0, '{now}', 'bare' FROM shop_order o {join}
WHERE o.paid_at <= '{now}' AND o.amount_fen > o.refunded_fen {where} GROUP BY o.customer_id HAVING {having}
"""
LINES = "JOIN order_line l ON l.order_id = o.id JOIN product p ON p.sku = l.sku"


async def _bare(sessions: Sessions, book: TagBook, now: datetime) -> float:
    """The same tags, one plain statement per rule in one transaction that is then taken back."""
    began = time.perf_counter()
    async with sessions.begin() as session:
        ids = await tags.ids_of(session, list(book.names()))
        for rule in book.bought():
            statement = _bare_of(rule, ids[rule.tag], now, sqlite=sessions.dialect == "sqlite")
            await (await session.connection()).exec_driver_sql(statement)
        took = time.perf_counter() - began
        await session.rollback()
    return took


def _bare_of(rule: Bought, tag: int, now: datetime, *, sqlite: bool) -> str:
    having, where = "count(*) >= 1", ""
    if rule.orders:
        having = f"count(*) BETWEEN {rule.orders.least} AND {rule.orders.most or 10**9}"
    if rule.price:
        mean = "sum(o.amount_fen - o.refunded_fen) / count(*)"
        having = f"{mean} >= {rule.price.from_} AND {mean} < {rule.price.below or 10**15}"
    if rule.at_weekends:
        day = "strftime('%w', o.paid_at, '+8 hours') IN ('0', '6')"
        if not sqlite:
            day = "extract(dow FROM o.paid_at + interval '8 hours') IN (0, 6)"
        having = f"count(*) >= 3 AND sum(CASE WHEN {day} THEN 1 ELSE 0 END) >= 0.6 * count(*)"
    if rule.category:
        where = f"AND p.category = '{rule.category}'"
        having = having.replace("count(*)", "count(DISTINCT o.id)")
    if rule.within_days:
        where += f" AND o.paid_at > '{_written(now - DAY * rule.within_days)}'"
    join = LINES if rule.category else ""
    return BARE.format(tag=tag, now=_written(now), join=join, where=where, having=having)


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


async def _audiences(sessions: Sessions, figures: Figures) -> None:
    asked = {
        THREE: {"all": [_tag("兴趣/衬衫"), _tag("购买阶段/熟客"), _tag("近况/90天")]},
        "audience: tier, recency, tag": {"all": [
            {"field": "tier", "value": ["核心"]},
            {"field": "orders.last_days", "op": "lte", "value": 60}, _tag("兴趣/连衣裙")]},
        LIVE: {"all": [
            {"field": "tier", "value": ["核心", "潜力"]},
            {"field": "orders.amount", "op": "gte", "value": 100_000, "within_days": 180},
            {"field": "follows.any", "value": True}, {"field": "birthday_month", "value": "this"},
            {"not": _tag("价格带/平价")}]},
    }  # fmt: skip
    now = world.ENDS + DAY
    for name, written in asked.items():
        took, rule = [], parse(written)
        for _ in range(5):
            began = time.perf_counter()
            async with sessions.reading() as session:
                found = await segments.count(session, rule, now)
            took.append(time.perf_counter() - began)
        figures.note(name, statistics.median(took))
        figures.rows[f"{name}, customers"] = found


def _tag(name: str) -> dict[str, Any]:
    return {"field": "tag", "op": "has", "value": name}


def databases(options: argparse.Namespace, home: Path) -> Iterator[tuple[str, str]]:
    if options.only != "postgres":
        yield "sqlite", f"sqlite+aiosqlite:///{home / 'bench.db'}"
    if options.only != "sqlite":
        yield "postgres", options.postgres or _own_postgres()


def _own_postgres() -> str:
    from tests import postgres

    server = postgres.server()
    undone = (f"ALTER SYSTEM RESET {setting}" for setting in postgres.FAST)
    postgres.run(server, *undone, "SELECT pg_reload_conf()")
    postgres.run(server, "DROP DATABASE IF EXISTS siyu_bench", "CREATE DATABASE siyu_bench")
    made = make_url(server).set(database="siyu_bench", drivername="postgresql")
    return made.render_as_string(hide_password=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--customers", type=int, default=world.CUSTOMERS)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--postgres", default="")
    options = parser.parse_args()
    size = world.SMALL if options.small else options.customers
    made = world.build(size)
    bare = duckdb_seconds(made)
    print(
        f"{made.customers:,} customers, {made.orders:,} orders; DuckDB's bare score: {bare:.2f} s"
    )
    with tempfile.TemporaryDirectory() as home:
        for name, url in databases(options, Path(home)):
            figures = Figures(name)
            asyncio.run(measured(url, made, figures))
            figures.compare(bare)
            print(json.dumps({"engine": name, "duckdb": bare} | figures.rows, ensure_ascii=False))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"largest memory: {peak:,} MB, the generator's own rows included")


if __name__ == "__main__":
    main()
