"""How many mass messages one customer or one group may get: the corp's rule, counted over all senders."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

from bot.sandbox.clock import SHANGHAI
from bot.sandbox.world.state import World


def period_of(moment: datetime, rule: str) -> str:
    local = moment.astimezone(SHANGHAI)
    if rule == "week":
        year, week, _ = local.isocalendar()
        return f"{year}-W{week}:7"
    if rule == "day":
        return f"{local:%Y-%m-%d}:1"
    return f"{local:%Y-%m}:{monthrange(local.year, local.month)[1]}"


def spend(world: World, receiver: str, period: str) -> bool:
    """False when the receiver has had all that the period allows."""
    most = int(period.rpartition(":")[2])
    if world.mass_used[receiver, period] >= most:
        return False
    world.mass_used[receiver, period] += 1
    return True
