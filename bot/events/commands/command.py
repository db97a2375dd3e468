"""What every act of a person is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.events.vocabulary import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    kind: str
    """owner, admin, operator, care, auditor, manager, clerk, guide, customer, integration or system."""
    id: str
    store: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor(kind="system", id="siyu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Event):
    actor: Actor
    key: str
    """Idempotency key, unique per actor: the stored answer is given again."""
    undoes: int | None = None
    """The number of the audit row that this act takes back; each is taken back once."""
    permission: ClassVar[str]
    """The row of `bot/domain/permissions.yaml` that must allow it."""
