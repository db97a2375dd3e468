"""How long a platform waits for us at a steady pace: alone, and while a campaign is being sent by the same process.

    python benchmarks/steady.py [--small] [--only sqlite|postgresql]

Late is what is answered after the moment at which a callback was due, whatever held it up, this program included.
Goals: alone at 2,000 a second p99 <= 15 ms; at 200 a second for a minute beside a campaign p99 <= 200 ms and nothing
over 4.5 s, for after five the platform gives up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import callback
import dispatch
import world
from kit.databases import fresh
from kit.load import Result, pace
from kit.servers import ROOT
from sqlalchemy import create_engine, func, select

from bot.domain.delivery import Owed
from bot.store import campaigns
from bot.store.engine import Sessions, open_engine

ALONE, BESIDE = 2_000, 200
SECONDS, SMALL = 60, 8
PEOPLE_A_SECOND = 1_500
"""More than are written to meanwhile."""
PATIENCE = 300.0
P99_ALONE, P99_BESIDE, WORST = 15.0, 200.0, 4_500.0
PATH = "/callback/wecom"
FANS = {"field": "identity", "op": "has", "value": "openid"}


def alone(kind: str, seconds: int) -> None:
    with fresh(kind) as url, callback.ours(url, "web") as (_, port):
        pace(port, callback.customers(PATH, ALONE), per_second=ALONE, connections=64)
        work = callback.customers(PATH, ALONE * seconds)
        told(
            f"{kind}, {ALONE:,}/s alone",
            pace(port, work, per_second=ALONE, connections=64),
            P99_ALONE,
        )


def beside(kind: str, seconds: int) -> None:
    with tempfile.TemporaryDirectory() as home, dispatch.sink() as sink, fresh(kind) as url:
        clock = Path(home) / "clock"
        clock.write_text(json.dumps({"now": dispatch.NOW.isoformat(), "running": True}))
        asyncio.run(prepare(url, PEOPLE_A_SECOND * seconds))
        more = {"SIYU_OFFICIAL_API_BASE": sink, "SIYU_CLOCK_FILE": str(clock)}
        with callback.ours(url, "all", **more) as (_, port):
            at = dispatch.NOW.timestamp()
            work = callback.customers(PATH, BESIDE * seconds, at=at)
            began = under_way(url)
            result = pace(port, work, per_second=BESIDE, connections=64)
            done = sent(url) - began
    told(f"{kind}, {BESIDE}/s beside a campaign", result, P99_BESIDE)
    print(f"{'':36}{done:,.0f} of its messages were sent meanwhile")


async def prepare(url: str, people: int) -> None:
    """A campaign that runs as soon as anybody looks."""
    await world.make_tables(url)
    world.load(url, dispatch.people(people))
    sessions = Sessions(open_engine(url))
    async with sessions.begin() as session:
        await campaigns.draft(session, name="beside", rule=FANS, template=dispatch.TEMPLATE,
                              channels=["official"], state="running", created_by="bench", now=dispatch.NOW)  # fmt: skip
    await sessions.close()


def under_way(url: str) -> int:
    """How many of the campaign's messages were sent, as soon as it is some."""
    until = time.monotonic() + PATIENCE
    while not (done := sent(url)):
        if time.monotonic() > until:
            raise SystemExit("the campaign never began")
        time.sleep(0.5)
    return done


def sent(url: str) -> int:
    engine = create_engine(world.sync(url))
    with engine.connect() as look:
        done = select(func.count()).where(Owed.state == "done", Owed.touch_id.is_not(None))
        found = look.scalar(done) or 0
    engine.dispose()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    os.chdir(ROOT)
    seconds = SMALL if options.small else SECONDS
    for kind in [options.only] if options.only else ["sqlite", "postgresql"]:
        alone(kind, min(seconds, 20))
        beside(kind, seconds)


def told(name: str, result: Result, goal: float) -> None:
    p50, p99, worst = result.percentile(0.5), result.percentile(0.99), result.latencies[-1]
    good = set(result.statuses) == {200} and p99 <= goal and worst < WORST
    print(
        f"{name:36}p50 {p50:7.1f} ms   p99 {p99:7.1f} ms (goal {goal:.0f})   worst {worst:7.1f} ms   "
        f"{dict(result.statuses)}   {'ok' if good else 'missed'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
