"""What customers show of themselves: what they look at, and their pets."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView(Command):
    """The mall tells that she looked at a thing; without her consent to profiling it is not kept."""

    permission = "order.write"
    customer_id: int
    sku: str
    seconds: int = 0
    """How long it was on her screen; 0 where the mall does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPet(Command):
    """Only with her consent to profiling."""

    permission = "profile.own"
    customer_id: int
    kind: str
    day: str
    """MM-DD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPet(Command):
    permission = "profile.own"
    customer_id: int
    pet_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SayLifeStage(Command):
    """What a customer says of the stage of her life, and that it may be used; nothing takes both back."""

    permission = "consent.opt_in"
    customer_id: int
    tag: str = ""
