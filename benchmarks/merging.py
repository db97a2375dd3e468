"""How well scattered ids become people: a town whose truth is known, told in scrambled order.

    python benchmarks/merging.py [--small] [--people N] [--seed N] [--seeds N] [--database URL]

Of its phones 15 % are shared in a family and 5 % recycled, of its people 10 % use two WeChat accounts. Precision and
recall are counted over pairs of ids. Exits 1 if any town is below .995 and .95. `siyu` merges by itself; whatever
it asks a person about counts as not merged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.domain.customers import MergeRecord
from bot.store import schema
from bot.store.engine import Sessions, open_engine
from bot.store.vault import Vault
from tests.strangers import Score, Town, build, measure, tell

PART = 500
FLOOR = Score(0.995, 0.95, 0)


async def hear(sessions: Sessions, vault: Vault, town: Town) -> float:
    started = time.perf_counter()
    for start in range(0, len(town.news), PART):
        async with sessions.begin() as session:
            for news in town.news[start : start + PART]:
                await tell(session, vault, news)
    return time.perf_counter() - started


async def run(people: int, seed: int, url: str) -> Score:
    engine = open_engine(url)
    await schema.prepare(engine)
    sessions, vault = Sessions(engine), Vault(os.urandom(32))
    town = build(people, seed)
    seconds = await hear(sessions, vault, town)
    async with sessions.begin() as session:
        score = await measure(session, vault, town)
        counted = select(MergeRecord.state, func.count()).group_by(MergeRecord.state)
        states = dict(map(tuple, await session.execute(counted)))
    await sessions.close()
    print(f"{people} people, {len(town.news)} news, {score.pairs} true pairs of ids, seed {seed}")
    print(f"precision {score.precision:.4f}   floor {FLOOR.precision}")
    print(f"recall    {score.recall:.4f}   floor {FLOOR.recall}")
    print(f"merges by state: {states}")
    print(f"{1e6 * seconds / len(town.news):.0f} µs per news")
    return score


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--people", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="so many towns, one after the other")
    parser.add_argument("--database", help="an empty one, for one town")
    said = parser.parse_args()
    people = said.people or (500 if said.small else 1_000)
    low = 0
    for seed in range(said.seed, said.seed + said.seeds):
        with tempfile.TemporaryDirectory() as folder:
            url = said.database or f"sqlite+aiosqlite:///{folder}/town.db"
            score = asyncio.run(run(people, seed, url))
        low += score.precision < FLOOR.precision or score.recall < FLOOR.recall
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
