"""Cases: filed, answered, handed on, rated and closed."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCase(Command):
    permission = "case.file"
    customer_id: int
    text: str
    category: str | None = None
    severity: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCase(Command):
    permission = "case.act"
    case_id: int
    text: str
    waits: bool = False
    """The customer has to do something next; the solution's clock stands still until she writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCase(Command):
    """A customer's one tap on how her case ended."""

    permission = "case.rate"
    customer_id: int
    case_id: int
    stars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateCase(Command):
    permission = "case.act"
    case_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase(Command):
    permission = "case.close"
    case_id: int
    resolution: str
    offer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCase(Command):
    """What colleagues should know; the customer is not told."""

    permission = "case.act"
    case_id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCase(Command):
    permission = "case.assign"
    case_id: int
    guide_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCause(Command):
    """Somebody takes care of what people complain of; with `fixed`, what was done counts from today."""

    permission = "case.cause"
    category: str
    product: str
    owner: str
    what: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAdvisor(Command):
    """Of the guides whom she knows, this one looks after her from now on."""

    permission = "advisor.assign"
    customer_id: int
    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskShareCode(Command):
    """A customer wants a code of her own by which friends add her guide. Nothing is given for it."""

    permission = "friend.bring"
    customer_id: int
