"""A bot in a process of its own that does what is due when it is told to: so that it can be killed at any moment."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from bot.app import open_bot, serving
from bot.cli import logs
from bot.settings import load_settings
from handlers import ROUTERS


async def main(port: int) -> None:
    """Reads `step` or `next SECONDS` from stdin, and answers each with a line."""
    logs.to_stderr()  # stdout is the answer
    loop = asyncio.get_running_loop()
    async with (
        open_bot(load_settings(), ROUTERS, open_doors=True, inline=True) as bot,
        serving(bot, host="127.0.0.1", port=port),
    ):
        print("ready", flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            word, _, grain = line.strip().partition(" ")
            if word == "step":
                await bot.step()
                print("done", flush=True)
            else:
                moment = await bot.next_moment(grain=timedelta(seconds=float(grain)))
                print(moment.isoformat() if moment else "never", flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
