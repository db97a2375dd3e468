"""Many acts at once from several processes, as several tills, servers and scripts would."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from bot.app import PARSERS
from bot.content import load_content
from bot.domain.refusals import Refusal
from bot.events.commands import Command
from bot.inbound import commands
from bot.inbound.dispatch import Dispatcher
from bot.settings import Settings
from bot.store.engine import Sessions, open_engine
from bot.store.vault import Vault
from handlers import ROUTERS
from tests.conftest import SECRET

PROCESSES = 4
SHARE = float(os.environ.get("STORM_SHARE", "0.2"))
AT_ONCE = 16
Act = Callable[["Desk", Any], Awaitable[str]]


def share(whole: int) -> int:
    """So much of a storm is played; all of it with STORM_SHARE=1."""
    return round(whole * SHARE)


class Desk:
    """One process of the product: its own engine, the real handlers."""

    def __init__(self, url: str) -> None:
        settings = Settings(database_url=url, secret_key=SECRET)
        self.sessions, self.vault = Sessions(open_engine(url)), Vault(settings.key)
        self.dispatcher = Dispatcher(
            routers=ROUTERS,
            parsers=PARSERS,
            vault=self.vault,
            content=load_content(settings.content_dir),
            settings=settings,
        )

    async def does(self, command: Command, now: datetime) -> dict[str, Any]:
        return await commands.do(self.dispatcher, self.sessions, command, now)


async def all_of(
    url: str, act: Act, some: Iterable[Any], *, at_once: int = AT_ONCE
) -> Counter[str]:
    """Every act, so many at a time: how often it was done, and refused with which status and reason."""
    desk, told, waiting = Desk(url), Counter[str](), iter(some)

    async def one_after_another() -> None:
        while batch := list(islice(waiting, 1)):
            try:
                told[await act(desk, batch[0])] += 1
            except Refusal as refusal:
                told[f"{refusal.status} {refusal.reason}"] += 1

    try:
        await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    finally:
        await desk.sessions.close()
    return told


def _process(url: str, act: Act, some: list[Any], results: Any, at_once: int) -> None:
    try:
        results.put(asyncio.run(all_of(url, act, some, at_once=at_once)))
    except BaseException as bug:
        results.put(Counter({f"bug {type(bug).__name__}: {bug}": 1}))
        raise


def in_processes(
    url: str, act: Act, many: list[Any], *, processes: int = PROCESSES
) -> Counter[str]:
    """More processes do less at once each: the database has so many connections. A few acts need few processes."""
    processes = min(processes, len(many))
    spawn = multiprocessing.get_context("spawn")
    results, at_once = spawn.Queue(), AT_ONCE * PROCESSES // processes
    work = [
        spawn.Process(target=_process, args=(url, act, many[one::processes], results, at_once))
        for one in range(processes)
    ]
    for one in work:
        one.start()
    told = sum((results.get(timeout=900) for _ in work), Counter[str]())
    for one in work:
        one.join()
    return told


def killed(url: str, act: Act, some: list[Any], *, after: int) -> None:
    """A process that dies at once when so many acts are committed, before anybody hears of the last one."""
    spawn = multiprocessing.get_context("spawn")
    victim = spawn.Process(target=_dies, args=(url, act, some, after))
    victim.start()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL


def _dies(url: str, act: Act, some: list[Any], after: int) -> None:
    async def until_then() -> None:
        desk = Desk(url)
        for done, each in enumerate(some, start=1):
            await act(desk, each)
            if done == after:
                os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(until_then())
