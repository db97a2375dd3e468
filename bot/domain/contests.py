"""A contest: pictures that people let us show, votes, and whoever has most of them at the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

SHOWN = ("in", "won")


class ContestEntry(Row):
    """One picture of one customer. There is none without her consent to its use."""

    __tablename__ = "contest_entry"
    __table_args__ = (UniqueConstraint("game", "customer_id"), UniqueConstraint("game", "digest"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    game: Mapped[str]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[str]
    """held until a person has looked at it, in, refused, withdrawn or won."""
    caption: Mapped[bytes]
    picture: Mapped[bytes | None]
    """Both sealed under her key; the picture goes when she takes her consent back."""
    kind: Mapped[str]
    digest: Mapped[str]
    rights: Mapped[str]
    """The words she agreed to."""
    at: Mapped[datetime]
    """When she agreed, and entered."""
    withdrawn_at: Mapped[datetime | None]


def winners(votes: Mapping[int, int], number: int) -> list[int]:
    """The entries with most votes, the earlier one first among equals; nobody wins without a vote."""
    ranked = sorted((-count, entry) for entry, count in votes.items() if count)
    return [entry for _, entry in ranked[:number]]
