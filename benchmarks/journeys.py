"""A million enrolments advanced one step (claim, rule, write, and a message planned for each), beside one bare UPDATE
of as many rows and a row-by-row loop in the same run.

    python benchmarks/journeys.py [--small] [--runs N] [--only sqlite|postgres]

Goals (floor → aim): .25 → .4 of the bare UPDATE on PostgreSQL, .10 → .3 on SQLite; 25 × the loop.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

import numpy as np
import world
from kit.databases import fresh
from sqlalchemy import func, select, update

from bot.app import open_bot
from bot.domain.journeys import Playbook, Run
from bot.outbound.journeys import advance_due
from bot.settings import Settings
from handlers import ROUTERS

RUNS, SMALL, LOOPED = 1_000_000, 10_000, 1_000
FLOOR = {"sqlite": 0.10, "postgres": 0.25}
TIMES = 25
SECRET = "YmVuY2htYXJrcyBvbmx5OiB0aGlydHktdHdvIGJ5dGVzIQ=="
NOW = world.ENDS.replace(hour=3)
BODY = {
    "key": "bench",
    "name": "一步",
    "tactic": [1],
    "trigger": "friend_added",
    "steps": [
        {"wait": {"days": 1}},
        {"message": {"template": "sleeping/soft"}},
        {"wait": {"days": 9}},
        {"end": True},
    ],
}


def people(count: int) -> world.World:
    ids = np.arange(1, count + 1)
    at = world.moments(np.full(count, int(NOW.timestamp()) - 86_400))
    run: dict[str, Any] = {"id": ids, "playbook": "bench", "version": 1, "customer_id": ids}
    run |= {"entry": "friend", "step": 1, "state": "active", "due_at": at, "entered_at": at}
    customer: dict[str, Any] = {
        "id": ids,
        "ref": [f"c{n}" for n in ids.tolist()],
        "created_at": at,
    }
    customer |= {"stage": "knows", "personalised": True, "marketing_held": False}
    return world.World({"customer": customer, "run": run | {"facts": "{}"}}, count, 0)


async def measured(kind: str, url: str, count: int) -> None:
    async with open_bot(Settings(database_url=url, secret_key=SECRET), ROUTERS) as bot:
        work = bot.work
        object.__setattr__(work, "clock", _Still())
        async with work.sessions.begin() as session:
            session.add(Playbook(key="bench", version=1, name="一步", trigger="friend_added",
                                 body=BODY, digest="bench", state="published", at=NOW, by="bench"))  # fmt: skip
        bare = await _timed(_bare(work))
        loop = await _timed(_loop(work, min(LOOPED, count))) * count / min(LOOPED, count)
        ours = await _timed(advance_due(work))
        async with work.sessions.reading() as session:
            left = await session.scalar(
                select(func.count()).where(Run.due_at <= NOW, Run.state == "active")
            )
    assert not left
    ratio, times = bare / ours, loop / ours
    verdict = "ok" if ratio >= FLOOR[kind] and times >= TIMES else "missed"
    print(
        f"{kind:9} {count:>9,} runs {ours:7.2f} s = {count / ours:8,.0f}/s; bare UPDATE {bare:6.2f} s, "
        f"ratio {ratio:.3f} (floor {FLOOR[kind]}); {times:.1f} × a row-by-row loop (goal {TIMES}): {verdict}"
    )


class _Still:
    """A clock that stands."""

    def now(self) -> Any:
        return NOW

    def real(self) -> float:
        return time.time()

    monotonic = staticmethod(time.monotonic)


async def _timed(act: Any) -> float:
    began = time.perf_counter()
    await act
    return time.perf_counter() - began


async def _bare(work: Any) -> None:
    async with work.sessions.engine.connect() as connection:
        await connection.execute(update(Run.__table__).values(step=Run.step + 1, due_at=NOW))
        await connection.rollback()


async def _loop(work: Any, count: int) -> None:
    """Each run read, changed and written alone; rolled back."""
    async with work.sessions.engine.connect() as connection:
        for number in range(1, count + 1):
            row = (await connection.execute(select(Run.step).where(Run.id == number))).one()
            await connection.execute(
                update(Run.__table__).where(Run.id == number).values(step=row.step + 1)
            )
        await connection.rollback()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    options = parser.parse_args()
    count = SMALL if options.small else options.runs
    for kind in [options.only] if options.only else ["sqlite", "postgres"]:
        with fresh(kind) as url:
            asyncio.run(world.make_tables(url))
            world.load(url, people(count))
            asyncio.run(measured(kind, url, count))


if __name__ == "__main__":
    main()
