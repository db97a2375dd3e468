"""How long a person waits for the count while she writes a rule, and for all that comes after it, over HTTP.

    python benchmarks/console.py [--small] [--customers N] [--only sqlite|postgres] [--million [--postgres URL]]

Both databases with 50,000 customers; with --million PostgreSQL alone with 1,000,000, in its own default settings.
The count comes first. The rest is the reasons, every condition by itself, the difference, three faces and a page.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
import tempfile
import time
from datetime import timedelta
from itertools import islice, product
from pathlib import Path
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

import world
from aiohttp.test_utils import TestClient, TestServer
from kit import databases
from tiers import rules

from bot.app import open_bot
from bot.events.commands import Actor
from bot.settings import Settings
from bot.store import access, segments, tags, tiers
from bot.store.engine import Sessions, open_engine
from bot.web import server
from bot.web.guards import COOKIE

HOME = ZoneInfo("Asia/Shanghai")
SMALL, USUAL, MANY = 5_000, 50_000, 1_000_000
GOALS = ((USUAL, 300), (MANY, 1000))
"""Up to how many customers, and ms at the 95th percentile."""
ROUNDS = 60
RULE = {"all": [{"field": "orders.last_days", "op": "lte", "value": 90}]}
CONDITIONS = (
    [("orders.last_days", "lte", days, "") for days in ("30", "60", "90", "180")],
    [("tag", "has", f"兴趣/{name}", "") for name in world.CATEGORIES[:4]],
    [("orders.amount", "gte", yuan, "365") for yuan in ("300", "1000", "2000")],
    [("tier", "in", "核心", ""), ("consent", "has", "marketing_wecom", ""), ("follows.any", "eq", "yes", "")],
)  # fmt: skip


def addresses() -> list[str]:
    """Rules of one to four conditions, as somebody adds and changes them."""
    found = []
    for many in (3, 2, 4, 1):
        for chosen in islice(product(*CONDITIONS[:many]), 0, None, 3):
            rows = [("edited", "1"), ("segment", "lately")]
            for field, op, value, days in chosen:
                rows += [("field", field), ("op", op), ("value", value), ("days", days)]
            found.append("?" + urlencode(rows, quote_via=quote))
    return found[:: max(len(found) // ROUNDS, 1)][:ROUNDS]


async def prepare(url: str, customers: int) -> None:
    """A brand with tiers and tags, and one published rule to differ from."""
    await world.make_tables(url)
    world.load(url, world.build(customers))
    sessions = Sessions(open_engine(url))
    try:
        await tiers.rerun(sessions, world.ENDS, zone=HOME)
        await tags.retag_all(sessions, rules(), world.ENDS)
        async with sessions.begin() as session:
            facts = {"key": "lately", "name": "最近来过", "rule": RULE}
            await segments.publish(session, **facts, by="owner:bench", now=world.ENDS)
    finally:
        await sessions.close()
    with world.loader(url) as to:
        to.run("ANALYZE")


Took = list[tuple[float, str, float]]
"""ms that a person waited, for what, and ms that this process worked for it."""


async def measure(url: str, clock: Path) -> tuple[Took, Took]:
    """Of the count, and of all the rest, in the order in which a page asks for them."""
    settings = Settings(
        database_url=url,
        secret_key=base64.b64encode(bytes(range(7, 39))).decode(),
        clock_file=clock,
    )
    async with open_bot(settings, ()) as bot:
        now = bot.work.now()
        async with bot.work.sessions.begin() as session:
            actor = Actor(kind="owner", id="bench")
            cookie, _ = await access.open_session(
                session, actor, now=now, good_for=timedelta(hours=12)
            )
        serving = TestServer(server.build(bot.desk))
        async with TestClient(serving, cookies={COOKIE: cookie}) as client:
            count: Took = []
            rest: Took = []
            for rule in addresses():
                count.append(await _asked(client, "/admin/customers/count" + rule))
                rest.append(await _asked(client, "/admin/customers" + rule))
            return count, rest


async def _asked(client: TestClient, address: str) -> tuple[float, str, float]:  # type: ignore[type-arg]
    began, worked = time.perf_counter(), time.process_time()
    async with client.get(address, headers={"HX-Request": "true"}) as answer:
        page = await answer.text()
        assert answer.status == 200, page[:500]
    spent = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)
    return spent[0], address, spent[1]


def tell(kind: str, customers: int, count: Took, rest: Took) -> None:
    took = sorted(count)
    middle, slow = took[len(took) // 2][0], took[int(len(took) * 0.95)]
    goal = next((ms for most, ms in GOALS if customers <= most), GOALS[-1][1])
    print(
        f"  {kind:9} {customers:>9,} customers   live count p50 {middle:6.0f} ms   p95 {slow[0]:6.0f} ms"
        f"   goal ≤ {goal} ms   {'holds' if slow[0] <= goal else 'MISSED'}",
        flush=True,
    )
    for ms, address, work in took[-3:]:
        print(f"      {ms:6.0f} ms ({work:.0f} ms of our own work)  {unquote(address[17:300])}")
    works = sorted(work for _ms, _address, work in count)
    print(
        f"      of our own work p50 {works[len(works) // 2]:.0f} ms   p95 {works[int(len(works) * 0.95)]:.0f} ms"
        f"   (load of the machine {os.getloadavg()[0]:.1f})"
    )
    after = sorted(rest)
    middle, slow = after[len(after) // 2][0], after[int(len(after) * 0.95)]
    print(f"      and for the rest p50 {middle:6.0f} ms   p95 {slow[0]:6.0f} ms")


def bench(kind: str, customers: int, url: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as home:
        clock = Path(home) / "clock.json"
        clock.write_text(json.dumps({"now": world.ENDS.isoformat(), "running": False}))
        if url is not None:
            asyncio.run(_run(kind, customers, url, clock))
            return
        with databases.fresh(kind) as made:
            asyncio.run(_run(kind, customers, made, clock))


async def _run(kind: str, customers: int, url: str, clock: Path) -> None:
    began = time.perf_counter()
    await prepare(url, customers)
    print(f"  {kind:9} prepared in {time.perf_counter() - began:.0f} s", flush=True)
    tell(kind, customers, *await measure(url, clock))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--customers", type=int, default=0)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--postgres", help="URL of an empty database for the million")
    options = parser.parse_args()
    if options.million:
        bench("postgres", MANY, options.postgres)
        return
    for kind in [options.only] if options.only else ["sqlite", "postgres"]:
        bench(kind, options.customers or (SMALL if options.small else USUAL))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
