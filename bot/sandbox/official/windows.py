"""When the Official Account may write: what the fan did opens a window with so many messages in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer, Fan, Grant

WINDOWS = {
    "message": (5, timedelta(hours=48)),
    "click": (3, timedelta(minutes=1)),
    "follow": (3, timedelta(minutes=1)),
    "scan": (3, timedelta(minutes=1)),
    "pay": (10**9, timedelta(hours=48)),
}


def open_window(fan: Fan, kind: str, now: datetime) -> None:
    count, life = WINDOWS[kind]
    fan.grants[kind] = Grant(count, now + life)
    fan.last_interaction = now


def spend_window(fan: Fan, now: datetime) -> None:
    """From the window that closes first; 45015 when none is open, 45047 when all are used up."""
    opened = [grant for grant in fan.grants.values() if grant.until > now]
    if not fan.subscribed or not opened:
        raise Refuse(45015)
    usable = [grant for grant in opened if grant.left > 0]
    if not usable:
        raise Refuse(45047)
    min(usable, key=lambda grant: grant.until).left -= 1


def customer_by_openid(stage: Stage, openid: str) -> tuple[Customer, Fan]:
    customer = stage.world.by_openid.get(openid)
    if customer is None or customer.fan is None:
        raise Refuse(40003, openid)
    return customer, customer.fan
