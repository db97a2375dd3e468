"""The points ledger, what runs out of it, and corrections that two people decide."""

from bot.store.points.expiring import expire, expiring
from bot.store.points.ledger import (
    Standing,
    balance,
    earn,
    entries,
    level_of,
    lift_to,
    settle_order,
    spend,
    standing,
)
from bot.store.points.requests import ask_to_adjust, decide, open_requests

__all__ = [
    "Standing",
    "ask_to_adjust",
    "balance",
    "decide",
    "earn",
    "entries",
    "expire",
    "expiring",
    "level_of",
    "lift_to",
    "open_requests",
    "settle_order",
    "spend",
    "standing",
]
