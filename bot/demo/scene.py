"""One world that runs: a sandbox process, a database, a bot that answers on loopback, and hands to move them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import Bot, open_bot
from bot.inbound.router import Router
from bot.settings import Settings, load_settings
from bot.store.engine import open_engine
from bot.store.schema import prepare
from bot.web import server
from bot.web.letting_in import letting_in

LOWEST = 10_000
"""Below the ports that outgoing connections take for themselves, so that ours is still free when it is bound."""
FAULTS = Path(__file__).with_name("data") / "faults.json"


@dataclass(slots=True)
class Scene:
    """A bot and its sandbox, and the HTTP hands of everybody else: customers, tills, the shop's systems."""

    home: Path
    bot: Bot
    settings: Settings
    web_url: str
    sandbox_url: str
    http: aiohttp.ClientSession
    log_read: int = 0
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.bot.work.now()

    async def control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.http.post(f"{self.sandbox_url}/__sandbox__/{path}", json=body) as answer:
            said: dict[str, Any] = await answer.json()
            return said

    async def state(self, **query: str) -> dict[str, Any]:
        url = f"{self.sandbox_url}/__sandbox__/state"
        async with self.http.get(url, params=query) as answer:
            said: dict[str, Any] = await answer.json()
            return said

    async def act(self, *acts: dict[str, Any]) -> list[dict[str, Any]]:
        if not acts:
            return []
        said = await self.control("act", {"acts": list(acts)})
        results: list[dict[str, Any]] = said["results"]
        return results

    async def news(self) -> list[dict[str, Any]]:
        """What people received since the last look, as the log tells it."""
        url = f"{self.sandbox_url}/__sandbox__/log"
        async with self.http.get(
            url, params={"after": str(self.log_read), "side": "arrival"}
        ) as answer:
            rows = [json.loads(line) for line in (await answer.text()).splitlines()]
        if rows:
            self.log_read = rows[-1]["seq"]
        return rows

    async def heal(self) -> None:
        await self.control("faults", {"faults": []})

    async def trouble(self, seed: int) -> None:
        script = json.loads(FAULTS.read_text(encoding="utf-8"))
        await self.control("faults", {"seed": seed, "faults": script})


def free_port(first: int = 0) -> int:
    """A port of this machine that nobody listens on; with `first`, the next free one from there."""
    for port in range(first, first + 50) if first else (0,):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError(f"no free port from {first} on")


@asynccontextmanager
async def open_scene(
    home: Path,
    routers: Sequence[Router],
    *,
    seed: int,
    start: datetime,
    port: int | None = None,
    played: bool = True,
    database_url: str | None = None,
) -> AsyncIterator[Scene]:
    """Everything up and wired over HTTP; `home` holds `world.yaml` and gets the log, and the database where no
    other empty one is named.

    A scene that is `played` is stepped and has its loop to itself; one that people visit is not.
    """
    bound = port or free_port(LOWEST + os.getpid() % 1000 * 10)
    web_url = f"http://127.0.0.1:{bound}"
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(
            sandbox_beside(home, web_url, seed=seed, start=start)
        )
        database = database_url or f"sqlite+aiosqlite:///{home / 'siyu.db'}"
        own = {"database_url": database, "public_url": web_url}
        settings = load_settings(**(env | own))
        engine = open_engine(settings.database_url)
        await prepare(engine)
        await engine.dispose()
        bot = await stack.enter_async_context(
            open_bot(settings, routers, open_doors=True, inline=played)
        )
        pages = letting_in(server.build(bot.desk), host="127.0.0.1", port=bound)
        await stack.enter_async_context(pages)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Scene(home, bot, settings, web_url, settings.wecom_api_base, http)


@asynccontextmanager
async def sandbox_beside(
    home: Path, web_url: str, *, seed: int, start: datetime
) -> AsyncIterator[dict[str, str]]:
    """A sandbox process; yields the settings it wrote, without their prefix."""
    env_file = home / "sandbox.env"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.sandbox", "--port", "0"),
        *("--world", str(home / "world.yaml"), "--seed", str(seed)),
        *("--callback-base", web_url, "--env-file", str(env_file)),
        *("--clock", start.isoformat(), "--log", str(home / "sandbox.log")),
        stdout=asyncio.subprocess.PIPE,
        stderr=(home / "sandbox.err").open("wb"),
    )
    try:
        if process.stdout is None or not await asyncio.wait_for(process.stdout.readline(), 30):
            raise RuntimeError(f"沙盒没有启动，原因在 {home / 'sandbox.err'}")
        lines = env_file.read_text(encoding="utf-8").splitlines()
        pairs = (line.split("=", 1) for line in lines if "=" in line)
        yield {name.removeprefix("SIYU_").lower(): value for name, value in pairs}
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
