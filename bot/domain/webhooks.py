"""Who is told of what happens here, and what is still to be told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

Kind = Literal[
    "customer.met",
    "customer.merged",
    "touch.settled",
    "coupon.issued",
    "coupon.redeemed",
    "case.opened",
    "case.answered",
    "case.escalated",
    "case.closed",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)
GIVE_UP = timedelta(days=5)
"""An address that nobody has answered at for so long is not written to any more."""


class Webhook(Row):
    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    url: Mapped[str]
    kinds: Mapped[list[Any]]
    state: Mapped[str]
    """active, disabled or removed."""
    marks: Mapped[dict[str, Any]]
    """How far each source was looked at."""
    look_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    by: Mapped[str]


class Notice(Row):
    """One thing that happened, for one webhook. It names by refs and numbers; nobody's name or phone is in it."""

    __tablename__ = "webhook_notice"
    __table_args__ = (
        UniqueConstraint("webhook_id", "kind", "ref"),
        Index("ix_webhook_notice_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    kind: Mapped[str]
    ref: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    state: Mapped[str]
    """waiting, told or dropped."""
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]


def wait_after(attempts: int) -> timedelta:
    return WAITS[min(attempts, len(WAITS)) - 1]
