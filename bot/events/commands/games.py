"""What a customer does in a game on a page; in chat the same is said."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayGame(Command):
    permission = "contest.join"
    customer_id: int
    game: str
    said: str = ""
    """A choice, `field:choice` of a question, or nothing."""
