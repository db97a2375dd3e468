"""Journeys: a playbook's steps, and one customer's run through them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Playbook(Row):
    """A published version of a tactic: trigger, segment and steps."""

    __tablename__ = "playbook"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    body: Mapped[dict[str, Any]]
    digest: Mapped[str]
    state: Mapped[str]
    """published, paused or retired."""
    at: Mapped[datetime]
    by: Mapped[str]


class Run(Row):
    """One customer on one journey."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("playbook", "customer_id", "entry"),
        Index("ix_run_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    playbook: Mapped[str]
    version: Mapped[int]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    entry: Mapped[str]
    """What brought her in; the same cause enters once."""
    step: Mapped[int] = mapped_column(default=0)
    state: Mapped[str]
    """active, finished, left or holdout."""
    reason: Mapped[str | None]
    due_at: Mapped[datetime | None]
    entered_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
