"""A language model of the brand's choice: asked what the brand's own pages say, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One entry of the brand's knowledge: all that the model is given to answer from."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskModel(Call):
    question: str
    """Masked: nobody's name, phone or address leaves the house."""
    notes: tuple[Note, ...]
    channel: str
    account: str
    """The Official Account's or the kf account's id, through which the answer goes."""
    address: str
    """The openid or the external_userid."""
    asked: str
    """The key of the message that is answered."""
