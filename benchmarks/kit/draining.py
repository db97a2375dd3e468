"""Whatever waits in the inbox handled as `siyu serve` does, and nothing else: prints how many events there were, the
seconds they took and the seconds of processor time. The settings come from the environment."""

from __future__ import annotations

import gc
import json
import time

import uvloop

from bot.app import open_bot
from bot.settings import load_settings
from handlers import ROUTERS


async def drained() -> tuple[int, float, float]:
    async with open_bot(load_settings(), ROUTERS) as bot:
        began, spent, done = time.perf_counter(), time.process_time(), 0
        while some := await bot.dispatcher.drain(bot.work.sessions, bot.work.now()):
            done += some
        return done, time.perf_counter() - began, time.process_time() - spent


def main() -> None:
    gc.set_threshold(100_000, 50, 100)  # as every `siyu` command does
    print(json.dumps(uvloop.run(drained())))


if __name__ == "__main__":
    main()
