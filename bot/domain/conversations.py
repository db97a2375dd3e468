"""Who is talking with a customer now, our program or a person, and how far kf messages were pulled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import Row


class Conversation(Row):
    __tablename__ = "conversation"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    held_by: Mapped[str | None]
    """userid of the person who answers, or `pool` while she waits for one; None while the program does."""
    since: Mapped[datetime]
    misses: Mapped[int] = mapped_column(default=0)
    """Questions in a row that we did not understand."""


class KfAccount(Row):
    """How far the messages of one 微信客服 account were pulled, and when to look again."""

    __tablename__ = "kf_account"
    __table_args__ = (Index("ix_kf_account_next_pull_at", "next_pull_at"),)

    open_kfid: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str | None]
    """Moved in the transaction that keeps the page."""
    token: Mapped[str | None]
    """Of the newest nudge; without one the platform answers rarely."""
    token_until: Mapped[datetime | None]
    next_pull_at: Mapped[datetime | None]
    """None when the account is ours no more."""
    nudges: Mapped[int] = mapped_column(default=0)
    """Counts the platform's calls, so that one which comes during a pull is not forgotten after it."""
    lease_until: Mapped[float | None]
    """On the machines' wall, like the outbox's: one puller at a time."""
    fence: Mapped[int] = mapped_column(default=0)
