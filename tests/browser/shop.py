"""A small shop that really runs: a sandbox process, this bot on a fresh SQLite file, and a clock that stands still.

`python -m tests.browser.shop HOME` prints its address when it is ready and stops when its standard input closes.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.cli import logs
from bot.demo import cast, history, prologue, world
from bot.demo.scene import Scene, open_scene
from bot.store import access
from handlers import ROUTERS

BUYERS = 240
FRIENDS = 0.72
"""Few people, so that much can be done with many of them."""
SEED = 7
STAFF = ("admin", "operator", "care", "auditor", "manager", "clerk")
PASSWORD = "a-long-password"
ZONE = ZoneInfo("Asia/Shanghai")


def few_orders(path: Path) -> Path:
    """What the first buyers of the demo's order file bought."""
    with gzip.open(history.OURS, "rt", encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    buyers = set(list(dict.fromkeys(row["customer_id"] for row in rows))[:BUYERS])
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(row for row in rows if row["customer_id"] in buyers)
    return path


async def run(home: Path) -> None:
    before = home / "history.csv"
    orders = few_orders(home / "orders.csv")
    _, buyers, start = history.split(orders, ZONE, days=30, before=before)
    guides = [(guide["userid"], guide["store"]) for guide in world.shop()["guides"]]
    with before.open(encoding="utf-8") as text:
        known = {row["customer_id"] for row in csv.DictReader(text)}
    people = cast.cast(buyers, guides, seed=SEED, start=start, known_before=known, friends=FRIENDS)
    world.write_world(home / "world.yaml", people)
    morning = start + timedelta(hours=10, minutes=24)
    async with open_scene(home, ROUTERS, seed=SEED, start=morning) as scene:
        await prologue.begin(scene, people, before)
        await _hire(scene)
        await _serve(scene)


async def _hire(scene: Scene) -> None:
    """Somebody of each role who signs in with a password; the demo's own doors stay open."""
    async with scene.bot.work.sessions.begin() as session:
        for role in STAFF:
            store = "S01" if role in ("manager", "clerk") else None
            await access.add_user(
                session, name=role, role=role, store=store, password=PASSWORD, now=scene.now
            )


async def _serve(scene: Scene) -> None:
    await scene.bot.step()
    working = asyncio.create_task(scene.bot.run())
    sys.stdout.write(scene.web_url + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


if __name__ == "__main__":
    logs.to_stderr()
    asyncio.run(run(Path(sys.argv[1])))
