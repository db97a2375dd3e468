"""What a customer agreed to, as an append-only ledger with its current state beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

PURPOSES = ("service", "marketing_wecom", "marketing_official", "profiling", "life_stage")
"""What the ledger knows beside the topics of `bot.domain.topics`."""
MARKETING = ("marketing_wecom", "marketing_official")
GIVING = frozenset({"grant", "resume"})
"""The actions after which a purpose is allowed; all others end it at once."""


class ConsentEntry(Row):
    __tablename__ = "consent_entry"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    purpose: Mapped[str]
    action: Mapped[str]
    """grant, withdraw, object (to profiling), pause (a person must read what she wrote) or resume."""
    channel: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    """Which form, words or message, and which version of the policy."""
    actor: Mapped[str]
    at: Mapped[datetime]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class ConsentState(Row):
    """The newest entry per purpose, for set-based questions."""

    __tablename__ = "consent_state"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[bool]
    since: Mapped[datetime]
    entry_id: Mapped[int] = mapped_column(ForeignKey("consent_entry.id"))


class Suppression(Row):
    """Never contact again: only a keyed hash is left of the person."""

    __tablename__ = "suppression"

    hash: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    reason: Mapped[str]
