"""Who stands behind whom: of a batch of events, those of one person wait for each other and for nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.delivery import Kept
from bot.events import Event, FanEvent, FollowEvent, KfEvent
from bot.store import customers

Line = list[tuple[Kept, Event]]


async def lines_of(
    session: AsyncSession, events: Sequence[tuple[Kept, Event]]
) -> AsyncIterator[list[Line]]:
    """Lines that may go side by side, in rounds one after the other. What is nobody's own goes alone."""
    for of_people, some in groupby(events, lambda one: whose(one[1]) is not None):
        here = list(some)
        if of_people and len(here) > 1:
            yield await _by_person(session, here)
        else:
            for one in here:
                yield [[one]]


def whose(event: Event) -> tuple[str, str] | None:
    """The id by which an event names the one customer whom it is about."""
    match event:
        case FollowEvent() | KfEvent():
            return "external_userid", event.external_userid
        case FanEvent():
            return "openid", event.openid
    return None


async def _by_person(session: AsyncSession, events: Sequence[tuple[Kept, Event]]) -> list[Line]:
    """Whoever is known by several ids is one."""
    ids = [whose(event) or ("", "") for _, event in events]
    known = await customers.known_by(session, set(ids))
    lines: dict[object, Line] = {}
    for one, its in zip(events, ids, strict=True):
        lines.setdefault(known.get(its, its), []).append(one)
    return list(lines.values())
