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


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideProposal(Command):
    """The second person's yes or no."""

    permission = "proposal.decide"
    proposal_id: int
    agreed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportList(Command):
    """A list of customers leaves as a file; where that takes two people, this is what the second one agrees to."""

    permission = "customer.export"
    sheet: str
    filter: str
    """What stands in the address, without what was typed to find somebody."""
    reason: str = ""
