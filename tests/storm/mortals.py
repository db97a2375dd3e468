"""Processes of the bot that are forked from one that has loaded everything, so that they can die by the hundred,
or be asked to end as a deploy asks them.

Reads `ROLE [POINT]` from stdin and answers with the process id. POINT is where it kills itself: before or after a step
of paying (`claim-after`, `begin-before`, …) or around its n-th commit (`commit-12`, `committed-12`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import event

from bot.app import Bot, open_bot
from bot.cli import logs
from bot.outbound.sender import Sender
from bot.settings import load_settings
from handlers import ROUTERS

Said = TypeVar("Said")
STEPS = ("claim", "look", "begin", "perform", "settle")
POINTS = tuple(f"{step}-{when}" for step in STEPS for when in ("before", "after"))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal(Sender):
    """Pays as ever, and dies at its point."""

    point = ""

    async def _at(self, step: str, act: Awaitable[Said]) -> Said:
        if self.point == f"{step}-before":
            die()
        done = await act
        if self.point == f"{step}-after" and (done != [] or step == "settle"):
            die()
        return done

    async def _claim(self, limit: int) -> Any:
        return await self._at("claim", super()._claim(limit))

    async def _look(self, claimed: Any) -> Any:
        return await self._at("look", super()._look(claimed))

    async def _write(self, became: Any, payable: Any) -> Any:
        return await self._at("settle" if became else "begin", super()._write(became, payable))

    async def _perform(self, owed: Any, call: Any) -> Any:
        return await self._at("perform", super()._perform(owed, call))


def _at_commit(bot: Bot, point: str) -> None:
    """Around its n-th commit: before the database hears of it, or before anybody hears that it did."""
    when, _, number = point.partition("-")
    engine = bot.work.sessions.engine.sync_engine
    left = [int(number)]

    @event.listens_for(engine, "commit")
    def count(_connection: Any) -> None:
        left[0] -= 1
        if left[0] == 0 and when == "commit":
            die()

    @event.listens_for(engine, "checkin")
    def back(_dbapi: Any, _record: Any) -> None:
        if left[0] <= 0 and when == "committed":
            die()


async def live(role: str, point: str) -> None:
    logs.to_stderr()
    async with open_bot(load_settings(), ROUTERS) as bot:
        if point.startswith("commit"):
            _at_commit(bot, point)
        elif point:
            owner = f"{os.getpid()}:mortal"
            bot.sender = Mortal(bot.work, owner=owner)
            bot.sender.point = point
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await bot.run(worker=role != "scheduler", scheduler=role != "worker", stop=stop)


def main(lives: Callable[[str, str], Any] = live) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever dies is gone
    print("ready", flush=True)
    for line in sys.stdin:
        role, _, point = line.strip().partition(" ")
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            sys.stdout = sys.stderr
            asyncio.run(lives(role, point))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
