"""A brand of a million customers and three and a half million orders, the same from the same seed, loaded in bulk.

    python benchmarks/world.py --database URL [--customers N] [--seed N] [--small]

People arrive over three years, more of them lately; each has a pace, a purse and a day on which she stops coming.
Half of all who ever bought did so once, a few hundred come every other week; some give things back. Most have a guide,
fewer agreed to marketing.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import pkgutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psycopg
from sqlalchemy import create_engine, make_url
from sqlalchemy.schema import CreateIndex

import bot.domain
from bot.domain.mapping import Row
from bot.store.engine import open_engine
from bot.store.schema import prepare

for module in pkgutil.iter_modules(bot.domain.__path__):
    importlib.import_module(f"bot.domain.{module.name}")  # so that the metadata knows every table

ENDS = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY, SPAN = 86_400, 3 * 365
CUSTOMERS, SMALL = 1_000_000, 20_000
PART = 250_000
STORES, GUIDES, PRODUCTS = 20, 200, 400
CATEGORIES = ("羊毛针织", "衬衫", "连衣裙", "外套", "裤装", "半裙", "家居", "配饰")
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """What the loaders are given: one mapping of columns for each table, parents first."""

    tables: dict[str, Columns]
    customers: int
    orders: int


def build(customers: int = CUSTOMERS, seed: int = 1) -> World:
    dice = np.random.default_rng(seed)
    pace = _pace(dice, customers)
    orders = _orders(dice, pace)
    return World(_people(dice, pace["came"]) | _shop(orders), customers, len(orders["who"]))


def more_orders(count: int, *, customers: int, orders: int, seed: int = 2) -> World:
    """So many orders of the day after, most of them by people who buy often."""
    dice = np.random.default_rng(seed)
    who = np.minimum((customers * dice.beta(0.7, 3, count)).astype(np.int64), customers - 1)
    at = np.sort(int(ENDS.timestamp()) + dice.integers(0, 8 * 3600, count))
    made = {"who": who, "at": at} | _baskets(dice, np.full(count, 21_000.0))
    return World(_sales(made, first=orders), customers, count)


def _pace(dice: np.random.Generator, size: int) -> dict[str, Any]:
    came = SPAN - SPAN * dice.beta(1.0, 1.3, size)
    stays = dice.exponential(420, size)
    per_day = dice.gamma(0.55, 1 / 49, size)
    often = dice.poisson(per_day * np.minimum(stays, came))
    number = np.where(dice.random(size) < 0.17, 0, 1 + often)
    return {"came": came, "stays": np.minimum(stays, came), "number": number,
            "purse": 18_000 * dice.lognormal(0, 0.55, size)}  # fmt: skip


def _orders(dice: np.random.Generator, pace: Columns) -> dict[str, Any]:
    """Every order in the order of time, as a shop's own table has them."""
    who = np.repeat(np.arange(len(pace["number"])), pace["number"])
    first = np.r_[True, np.diff(who) != 0][: len(who)]
    along = np.where(first, 0.0, dice.random(len(who)))
    days_ago = pace["came"][who] - along * pace["stays"][who]
    hour = np.clip(dice.normal(15.5, 3.6, len(who)), 8.5, 21.9)
    days = int(ENDS.timestamp()) // DAY - 1 - days_ago.astype(np.int64)
    at = days * DAY + ((hour - 8) * 3600).astype(np.int64)
    order = np.argsort(at, kind="stable")
    return {"who": who[order], "at": at[order]} | _baskets(dice, pace["purse"][who[order]])


def _baskets(dice: np.random.Generator, purse: Any) -> dict[str, Any]:
    size = len(purse)
    fen = (purse * dice.lognormal(0, 0.5, size)).astype(np.int64) // 100 * 100 + 900
    back = dice.random(size) < 0.035
    return {
        "fen": fen,
        "back": np.where(back, np.where(dice.random(size) < 0.5, fen, fen // 2), 0),
        "wait": dice.integers(DAY, 12 * DAY, size),
        "product": (PRODUCTS * dice.beta(1.2, 2.5, size)).astype(np.int64),
    }


def _people(dice: np.random.Generator, came: Any) -> dict[str, Columns]:
    size = len(came)
    ids, end = np.arange(1, size + 1), int(ENDS.timestamp())
    arrived = end - (came * DAY).astype(np.int64)
    friends = ids[dice.random(size) < 0.62]
    agreed = friends[dice.random(len(friends)) < 0.75]
    stage = np.where(dice.random(size) < 0.8, "buys", "knows")
    entry = np.arange(1, len(agreed) + 1)
    said = {"customer_id": agreed, "purpose": "marketing_wecom"}
    return {
        "store": {"id": np.arange(1, STORES + 1), "code": _named("S", STORES),
                  "name": _named("门店 ", STORES), "city": "杭州"},
        "guide": {"id": np.arange(1, GUIDES + 1), "userid": _named("guide", GUIDES),
                  "name": _named("导购 ", GUIDES), "store_id": np.arange(GUIDES) % STORES + 1,
                  "active": True},
        "customer": {"id": ids, "ref": _named("c", size), "created_at": moments(arrived),
                     "gender": dice.choice(3, size, p=(0.2, 0.12, 0.68)), "stage": stage,
                     "birthday_month": dice.integers(1, 13, size), "personalised": True,
                     "marketing_held": False, "last_active_at": moments(arrived)},
        "follow": {"customer_id": friends, "guide_id": dice.integers(1, GUIDES + 1, len(friends)),
                   "external_userid": [f"wm{i}" for i in friends.tolist()],
                   "since": moments(arrived[friends - 1])},
        "consent_entry": {"id": entry} | said | {"action": "grant", "channel": "h5",
                          "evidence": "{}", "actor": "customer", "previous_hash": "", "hash": "",
                          "at": moments(arrived[agreed - 1])},
        "consent_state": said | {"granted": True, "entry_id": entry,
                                 "since": moments(arrived[agreed - 1])},
        "product": {"sku": _named("P", PRODUCTS), "name": _named("款 ", PRODUCTS),
                    "category": [CATEGORIES[i % len(CATEGORIES)] for i in range(PRODUCTS)],
                    "price_fen": 19_900},
    }  # fmt: skip


def _shop(orders: Columns) -> dict[str, Columns]:
    return _sales(orders, first=0)


def _sales(sold: Columns, *, first: int) -> dict[str, Columns]:
    size = len(sold["who"])
    ids, customer = np.arange(first + 1, first + size + 1), sold["who"] + 1
    at, back = moments(sold["at"]), np.flatnonzero(sold["back"])
    paid = {"order_id": ids, "customer_id": customer, "kind": "paid", "ref": "", "at": at}
    returned = {"order_id": ids[back], "customer_id": customer[back], "kind": "refunded",
                "ref": _named("r", len(back)), "at": moments((sold["at"] + sold["wait"])[back])}  # fmt: skip
    return {
        "shop_order": {"id": ids, "source": "shop", "order_no": [f"N{i}" for i in ids.tolist()],
                       "customer_id": customer, "paid_at": at, "amount_fen": sold["fen"],
                       "refunded_fen": sold["back"], "state": "paid",
                       "store_id": sold["who"] % STORES + 1, "channel": "mall"},
        "order_entry": paid | {"amount_fen": sold["fen"]},
        "order_entry ": returned | {"amount_fen": -sold["back"][back]},
        "order_line": {"order_id": ids, "ordinal": 0, "name": "款", "category": "",
                       "sku": [f"P{i + 1}" for i in sold["product"].tolist()],
                       "quantity": 1, "amount_fen": sold["fen"]},
    }  # fmt: skip


def _named(word: str, size: int) -> list[str]:
    return [f"{word}{i}" for i in range(1, size + 1)]


def moments(seconds: Any) -> Any:
    """As the tables keep them: naive UTC that sorts as text."""
    text = np.datetime_as_string(np.asarray(seconds).astype("M8[s]").astype("M8[us]"))
    text = np.ascontiguousarray(text)
    text.view("U1").reshape(len(text), -1)[:, 10] = " "
    return text


class Loader(Protocol):
    def run(self, statement: str) -> None: ...
    def rows(self, table: str, names: Sequence[str], columns: list[list[Any]]) -> None: ...


class SqliteLoader:
    def __init__(self, path: str) -> None:
        self.to = sqlite3.connect(path, isolation_level=None)
        for pragma in ("synchronous=OFF", "cache_size=-200000", "temp_store=MEMORY"):
            self.to.execute(f"PRAGMA {pragma}")

    def run(self, statement: str) -> None:
        self.to.execute(statement)

    def rows(self, table: str, names: Sequence[str], columns: list[list[Any]]) -> None:
        places = ", ".join("?" * len(names))
        self.to.execute("BEGIN")
        insert = f"INSERT INTO {table} ({_quoted(names)}) VALUES ({places})"
        self.to.executemany(insert, zip(*columns, strict=True))
        self.to.execute("COMMIT")


def _quoted(names: Sequence[str]) -> str:
    """PostgreSQL keeps words like left for itself."""
    return ", ".join(f'"{name}"' for name in names)


class PostgresLoader:
    def __init__(self, url: str) -> None:
        self.to = psycopg.connect(url, autocommit=True)

    def run(self, statement: str) -> None:
        self.to.execute(statement)

    def rows(self, table: str, names: Sequence[str], columns: list[list[Any]]) -> None:
        lines = zip(*(map(str, column) for column in columns), strict=True)
        with self.to.cursor().copy(f"COPY {table} ({_quoted(names)}) FROM STDIN") as copy:
            copy.write("\n".join(map("\t".join, lines)) + "\n")


@contextmanager
def loader(url: str) -> Iterator[Loader]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        made: Any = SqliteLoader(parsed.database or "")
    else:
        plain = parsed.set(drivername="postgresql")
        made = PostgresLoader(plain.render_as_string(hide_password=False))
    try:
        yield made
    finally:
        made.to.close()


def load(url: str, world: World, *, empty: bool = True) -> None:
    """Into a database that has its tables. An empty one gets its indexes after the rows."""
    names = sorted({table.strip() for table in world.tables})
    indexes = [index for name in names for index in Row.metadata.tables[name].indexes]
    with loader(url) as to:
        if empty:
            for index in indexes:
                to.run(f"DROP INDEX {index.name}")
        for table, columns in world.tables.items():
            _load_table(to, table.strip(), columns)
        if empty:
            engine = create_engine(sync(url))
            for index in indexes:
                to.run(str(CreateIndex(index).compile(engine)))
        if isinstance(to, PostgresLoader):
            _go_on_counting(to, names)
        to.run("ANALYZE")


async def make_tables(url: str) -> None:
    engine = open_engine(url)
    await prepare(engine)
    await engine.dispose()


def sync(url: str) -> Any:
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    return parsed.set(drivername="sqlite" if sqlite else "postgresql+psycopg")


def _load_table(to: Loader, table: str, columns: Columns) -> None:
    size = max(len(c) for c in columns.values() if not isinstance(c, str | int))
    columns = _with_defaults(table, columns)
    for start in range(0, size, PART):
        length = min(PART, size - start)
        part = [_listed(column, start, length) for column in columns.values()]
        to.rows(table, list(columns), part)


def _with_defaults(table: str, columns: Columns) -> dict[str, Any]:
    """What rows get by themselves when the program writes them."""
    told = dict(columns)
    for column in Row.metadata.tables[table].columns:
        default = getattr(column.default, "arg", None)
        if column.name not in told and isinstance(default, str | int):
            told[column.name] = default
    return told


def _listed(column: Any, start: int, length: int) -> list[Any]:
    if isinstance(column, str | int):
        return [column] * length
    part = column[start : start + length]
    return part if isinstance(part, list) else part.tolist()


def _go_on_counting(to: Loader, names: Sequence[str]) -> None:
    for name in names:
        if "id" in Row.metadata.tables[name].columns:
            to.run(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        url = options.database or f"sqlite+aiosqlite:///{Path(home) / 'world.db'}"
        began = time.perf_counter()
        world = build(SMALL if options.small else options.customers, options.seed)
        made = time.perf_counter()
        asyncio.run(make_tables(url))
        load(url, world)
        print(f"{world.customers:,} customers, {world.orders:,} orders: made in {made - began:.1f} s, "
              f"loaded in {time.perf_counter() - made:.1f} s")  # fmt: skip


if __name__ == "__main__":
    main()
