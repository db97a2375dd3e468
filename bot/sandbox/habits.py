"""When a guide gets round to what needs a tap: drawn from a stream of her own, inside working hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.sandbox.clock import SHANGHAI
from bot.sandbox.names import Names
from bot.sandbox.world.entities import Guide

OPENS, CLOSES = time(9, 30), time(20, 30)


def answer_time(names: Names, guide: Guide, now: datetime, *key: object) -> datetime | None:
    """None: not by herself (never, or only when told)."""
    if guide.confirm.habit in ("manual", "never") or guide.resigned:
        return None
    dice = names.stream("habit", guide.userid, *key)
    lowest, highest = guide.confirm.minutes
    wish = now + timedelta(minutes=dice.uniform(lowest, highest))
    return in_working_hours(wish, spread=dice.uniform(0, 20)).replace(microsecond=0)


def in_working_hours(moment: datetime, *, spread: float) -> datetime:
    local = moment.astimezone(SHANGHAI)
    if OPENS <= local.time() <= CLOSES:
        return local
    day = local.date() + timedelta(days=local.time() > CLOSES)
    return datetime.combine(day, OPENS, SHANGHAI) + timedelta(minutes=spread)
