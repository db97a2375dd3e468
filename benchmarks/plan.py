"""A campaign for a million customers planned (audience, control group, route, gate, counts by reason), and its dry run.

    python benchmarks/plan.py [--small] [--customers N] [--only sqlite|postgres]

Goal (a quiet machine of two cores): at most 60 s for a million customers, the dry run the same. The ratio is to one
bare `INSERT … SELECT` of as many touches in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import world
from kit.databases import fresh
from sqlalchemy import func, insert, literal, select

from bot.app import open_bot
from bot.content import wording
from bot.domain.campaigns import Touch
from bot.domain.customers import Customer
from bot.domain.quotas import read_limits
from bot.outbound.campaigns import plan_due
from bot.settings import Settings
from bot.store import campaigns
from handlers import ROUTERS

CUSTOMERS, SMALL = 1_000_000, 20_000
GOAL = 60.0
SECRET = "YmVuY2htYXJrcyBvbmx5OiB0aGlydHktdHdvIGJ5dGVzIQ=="
EVERYBODY = {"field": "follows.any", "op": "eq", "value": True}


async def run(url: str, customers: int) -> None:
    settings = Settings(database_url=url, secret_key=SECRET)
    async with open_bot(settings, ROUTERS) as bot:
        work, now = bot.work, world.ENDS.replace(hour=3)
        facts = {"now": now, "state": "running", "created_by": "bench", "holdout_percent": 5}
        async with work.sessions.begin() as session:
            words = work.vault.seal("春装到店，欢迎来试。", about=campaigns.ABOUT)
            campaign = await campaigns.draft(
                session, name="plan", rule=EVERYBODY, words=words, **facts
            )
        assert campaign is not None
        began = time.perf_counter()
        async with work.sessions.reading() as session:
            await campaigns.dry_run(
                session,
                work.vault,
                campaign,
                limits=read_limits(work.content.limits),
                now=now,
                saying=wording.saying(
                    work.content, campaign, written="春装到店，欢迎来试。", public_url=""
                ),
            )
        rehearsed = time.perf_counter() - began
        began = time.perf_counter()
        decided = await plan_due(work)
        planned = time.perf_counter() - began
        bare = await _bare(work)
    name = url.partition("+")[0].partition(":")[0]
    for what, seconds in (("dry run", rehearsed), ("planned", planned)):
        scaled = seconds * CUSTOMERS / customers
        verdict = "ok" if scaled <= GOAL else "missed"
        print(
            f"{name:10} {what:8} {customers:>9,} customers {seconds:7.2f} s, a million {scaled:6.0f} s "
            f"(goal {GOAL:.0f} s: {verdict}); {bare / seconds:.3f} of a bare INSERT … SELECT"
        )
    print(f"{'':10} {decided:,} friends decided about")


async def _bare(work: object) -> float:
    """As many rows as customers, as one statement writes them; rolled back."""
    rows = select(
        Customer.id, literal("marketing"), literal("x"), literal("planned"), Customer.created_at,
        Customer.created_at, literal(0),
    )  # fmt: skip
    names = ["customer_id", "purpose", "template", "state", "planned_at", "due_at", "attempts"]
    began = time.perf_counter()
    async with work.sessions.engine.connect() as connection:  # type: ignore[attr-defined]
        await connection.execute(insert(Touch.__table__).from_select(names, rows))
        took = time.perf_counter() - began
        await connection.execute(select(func.count()).select_from(Touch))
        await connection.rollback()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    options = parser.parse_args()
    customers = SMALL if options.small else options.customers
    made = world.build(customers)
    for kind in [options.only] if options.only else ["sqlite", "postgres"]:
        with fresh(kind) as url:
            asyncio.run(world.make_tables(url))
            world.load(url, made)
            asyncio.run(run(url, customers))


if __name__ == "__main__":
    main()
