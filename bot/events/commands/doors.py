"""Who and what may come in, and what is told outside."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKey(Command):
    permission = "key.manage"
    key_id: str
    """The beginning of its hash: the key itself nobody can say again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Command):
    permission = "webhook.manage"
    url: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Command):
    permission = "webhook.manage"
    webhook_id: int
