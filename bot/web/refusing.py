"""Every no is counted; whoever meets many of them within a minute is trying doors, and that is put on record."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from bot.domain.refusals import Refusal
from bot.store import audit
from bot.web.desk import ACTOR, DESK
from bot.web.metrics import ALARMS, REFUSALS

log = structlog.get_logger()
MANY, WITHIN = 20, 60.0
MOST = 10_000
"""People whose closed doors are remembered; the first to come is forgotten first."""
CLOSED = frozenset({401, 403, 404})


@dataclass(slots=True)
class Doors:
    """Those whom this process lately showed a closed door, and when, on the machine's clock."""

    _met: dict[str, deque[float]] = field(default_factory=dict)

    def meets(self, who: str, at: float) -> bool:
        """Whether this is the last one of many; then counting begins anew."""
        times = self._met.setdefault(who, deque(maxlen=MANY))
        times.append(at)
        if len(self._met) > MOST:
            del self._met[next(iter(self._met))]
        if len(times) < MANY or at - times[0] > WITHIN:
            return False
        del self._met[who]
        return True


DOORS = web.AppKey("doors", Doors)


async def note(request: web.Request, refusal: Refusal) -> None:
    actor = request.get(ACTOR)
    REFUSALS.labels(refusal.reason, actor.kind if actor else "").inc()
    work = request.app[DESK].work
    if actor is None or refusal.status not in CLOSED:
        return
    if not request.app[DOORS].meets(str(actor), work.clock.monotonic()):
        return
    ALARMS.inc()
    log.warning("many doors tried", actor=str(actor), last=refusal.reason)
    async with work.sessions.begin() as session:
        await audit.append(
            session,
            at=work.now(),
            actor=str(actor),
            action="many_refusals",
            subject="",
            detail={"refused": refusal.reason, "times": MANY, "seconds": WITHIN},
            store=actor.store,
        )
