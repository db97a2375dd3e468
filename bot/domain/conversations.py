"""Who is talking with a customer now: our program, or a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
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
