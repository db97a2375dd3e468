"""Orders are given to the touches that brought them."""

from __future__ import annotations

from datetime import timedelta

from bot.store import attribution
from bot.work.context import Work

LOOK_BACK = timedelta(days=2)
"""Orders may come in late; older ones have been looked at often enough."""


async def attribute_due(work: Work) -> int:
    """Returns how many orders found their touch."""
    now, given, after = work.now(), 0, 0
    while True:
        async with work.sessions.begin() as session:
            found, last = await attribution.attribute(
                session, since=now - LOOK_BACK, now=now, after=after
            )
        given += found
        if last is None:
            return given
        after = last
