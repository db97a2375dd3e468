"""Contests: customers' acts, and the eye of whoever looks at what they send."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterContest(Command):
    permission = "contest.join"
    customer_id: int
    game: str
    text: str
    """What she calls it."""
    picture: str
    """Base64."""
    agreed: bool
    """To the words that stood beside the box she ticked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteInContest(Command):
    permission = "contest.join"
    customer_id: int
    game: str
    entry_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawFromContest(Command):
    """She takes back the consent to show her picture."""

    permission = "contest.join"
    customer_id: int
    game: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContestEntry(Command):
    permission = "content.edit"
    entry_id: int
    fine: bool
