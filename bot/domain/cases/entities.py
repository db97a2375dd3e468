"""A case and what happened to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Case(Row):
    __tablename__ = "service_case"
    __table_args__ = (Index("ix_service_case_state_next_check_at", "state", "next_check_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    category: Mapped[str]
    severity: Mapped[int]
    """1 worst, 3 mild."""
    level: Mapped[int] = mapped_column(default=1)
    """1 front line, 2 expert group, 3 emergency plan."""
    state: Mapped[str]
    """open, answered, waiting, closed."""
    channel: Mapped[str]
    opened_at: Mapped[datetime]
    answer_due: Mapped[datetime]
    resolve_due: Mapped[datetime]
    next_check_at: Mapped[datetime | None]
    """When the clock must look at it again."""
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("guide.id"))
    sku: Mapped[str | None]
    source: Mapped[str] = mapped_column(unique=True)
    """The event that opened it: the same words never open two."""
    live: Mapped[str | None] = mapped_column(unique=True)
    """customer:category while it is not closed: the database itself allows one of each."""
    waiting_since: Mapped[datetime | None]
    """Set while the customer has to answer; the resolution clock stands still."""
    asked_at: Mapped[datetime | None]
    """When she was asked whether she is content; at most once in 30 days."""
    rating: Mapped[int | None]


class CaseStep(Row):
    """What happened to a case, and whether the customer was told."""

    __tablename__ = "case_step"
    __table_args__ = (UniqueConstraint("case_id", "kind", "level"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"))
    kind: Mapped[str]
    """opened, warned, breached, escalated, mass, answered, answered-N, waiting-N, resumed-N, note-N or closed."""
    level: Mapped[int]
    """Of warned and breached: 1 the answer's clock, 2 the resolution's. Else the case's level then."""
    at: Mapped[datetime]
    actor: Mapped[str]
    text: Mapped[bytes | None]
    told: Mapped[str | None]
    """Channel by which the customer was told, or the reason why not."""


class CauseOwner(Row):
    """Who takes care of what people complain of, what was done about it, and since when it should be better."""

    __tablename__ = "cause_owner"
    __table_args__ = (UniqueConstraint("category", "product"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    category: Mapped[str]
    product: Mapped[str]
    """By its name; empty where no product stands out."""
    owner: Mapped[str]
    what: Mapped[str] = mapped_column(default="")
    fixed_at: Mapped[datetime | None]
    at: Mapped[datetime]
    by: Mapped[str]
