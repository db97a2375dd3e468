"""Webhooks out: who listens, what happened since, and what became of telling it."""

from bot.store.webhooks.gathering import gather, here
from bot.store.webhooks.subscribing import add, by_id, disable, due_hooks, listed, remove
from bot.store.webhooks.telling import due, purge, settle

__all__ = [
    "add",
    "by_id",
    "disable",
    "due",
    "due_hooks",
    "gather",
    "here",
    "listed",
    "purge",
    "remove",
    "settle",
]
