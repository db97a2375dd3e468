"""What a language model said to a question that we asked it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.vocabulary import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswered(Event):
    """Also when it could not, or said nothing in time: then `answer` is empty."""

    channel: str
    account: str
    address: str
    asked: str
    answer: str = ""
    title: str = ""
    """Of the entry that it says it answers from."""
