"""The demo's month while its bot is killed twenty times: the sandbox and its people live on, every promise holds."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from bot.app import Bot, open_bot
from bot.demo import check, history, prologue
from bot.demo.month import EARLY, play_days, prepare
from bot.demo.scene import Scene, free_port, sandbox_beside
from bot.settings import Settings, load_settings
from bot.store import schema
from bot.store.engine import open_engine
from handlers import ROUTERS
from tests.processes import ROOT
from tests.storm import telling

SEED, DAYS, KILLS = 7, int(os.environ.get("STORM_DAYS", "30")), 20
STEPS_A_DAY = 45
"""Fewer than there are, so that every kill finds its step."""
LONGEST_STEP = 0.25
"""Seconds of work after which a kill may come; most steps are shorter, and then it comes between two."""


class Mortal:
    """A bot in another process, as the month drives it; at its chosen steps it is killed and begun again."""

    def __init__(self, books: Bot, port: int, env: dict[str, str], chance: random.Random) -> None:
        """`books` reads the database and does what guides press, beside the one that dies."""
        self.work, self.desk = books.work, books.desk
        self._port, self._env, self._chance = port, env, chance
        self._fatal = set(chance.sample(range(50, DAYS * STEPS_A_DAY), KILLS))
        self._steps = 0
        self.killed = 0

    async def begin(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.storm.stepping", str(self._port)),
            cwd=ROOT,
            env=os.environ | self._env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await self._line() == "ready"

    async def step(self) -> None:
        self._steps += 1
        if self._steps in self._fatal:
            self._say("step")
            await asyncio.sleep(self._chance.uniform(0, LONGEST_STEP))
            self._process.kill()
            await self._process.wait()
            self.killed += 1
            await self.begin()
        self._say("step")
        assert await self._line() == "done"

    async def next_moment(
        self, *, grain: timedelta = timedelta(0), moments: None = None
    ) -> datetime | None:
        self._say(f"next {grain.total_seconds()}")
        told = await self._line()
        return None if told == "never" else datetime.fromisoformat(told)

    async def end(self) -> None:
        self._process.kill()
        await self._process.wait()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())

    async def _line(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()


@asynccontextmanager
async def shop(home: Path, start: datetime) -> AsyncIterator[Scene]:
    """The scene of the demo, its bot in a process that can die."""
    port = free_port(11_000)
    web_url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        given = await stack.enter_async_context(
            sandbox_beside(home, web_url, seed=SEED, start=start)
        )
        given |= {"database_url": f"sqlite+aiosqlite:///{home / 'siyu.db'}", "public_url": web_url}
        settings: Settings = load_settings(**given)
        engine = open_engine(settings.database_url)
        await schema.prepare(engine)
        await engine.dispose()
        books = await stack.enter_async_context(open_bot(settings, ROUTERS, inline=True))
        env = {f"SIYU_{name.upper()}": str(value) for name, value in given.items()}
        mortal = Mortal(books, port, env, random.Random(SEED))
        await mortal.begin()
        stack.push_async_callback(mortal.end)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Scene(home, mortal, settings, web_url, settings.wecom_api_base, http)


async def test_a_month_with_twenty_deaths(tmp_path):
    cut = prepare(tmp_path, history.OURS, seed=SEED, days=DAYS)
    async with shop(tmp_path, cut.start - EARLY) as scene:
        key = await prologue.begin(scene, cut.people, tmp_path / "history.csv")
        await play_days(scene, cut, key, seed=SEED, days=DAYS, told=lambda _day: None)
        killed = scene.bot.killed
    verdicts = check.check(tmp_path / "siyu.db", check.read_log(tmp_path / "sandbox.log"))
    broken = {name: wrong[:3] for name, wrong in verdicts.items() if wrong}
    print(f"{killed} kills in {DAYS} days, {len(verdicts)} promises, broken: {broken or 'none'}")
    assert killed == KILLS
    assert broken == {}
    said, wrong = await telling.disagreements(tmp_path, seed=SEED)
    told = ", ".join(f"{words} {times}" for words, times in said.most_common())
    print(f"{said.total()} pairs explained, against the log: {wrong or 'none'}; {told}")
    assert wrong == []
