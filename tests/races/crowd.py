"""Many at once, over several engines, as several processes would."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.refusals import Refusal
from bot.store.engine import Sessions, open_engine

ENGINES = 3


async def crowd(
    url: str, n: int, act: Callable[[AsyncSession, int], Awaitable[str]]
) -> Counter[str]:
    """Run `act` n times in transactions of its own, all at once, and count what it said or was refused."""
    doors = [Sessions(open_engine(url)) for _ in range(ENGINES)]

    async def one(i: int) -> str:
        try:
            async with doors[i % ENGINES].begin() as session:
                return await act(session, i)
        except Refusal as refusal:
            return refusal.reason

    try:
        return Counter(await asyncio.gather(*(one(i) for i in range(n))))
    finally:
        for door in doors:
            await door.close()
