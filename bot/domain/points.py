"""Points as a ledger, and membership levels."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class PointsAccount(Row):
    __tablename__ = "points_account"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    balance: Mapped[int] = mapped_column(default=0)
    """May go below 0 only by a refund of points already spent: a documented debt."""
    earned_year: Mapped[int] = mapped_column(default=0)
    level: Mapped[str] = mapped_column(default="青铜")
    level_since: Mapped[datetime | None]


class PointsEntry(Row):
    __tablename__ = "points_entry"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    delta: Mapped[int]
    kind: Mapped[str]
    """earn, refund, spend, expire, adjust or gift."""
    effect: Mapped[str] = mapped_column(unique=True)
    """What this entry is for; the same effect never counts twice."""
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop_order.id"))
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    """When what was given here is gone, if it was not used by then. Oldest points are used first."""


class PointsRequest(Row):
    """A correction too large for one person's decision."""

    __tablename__ = "points_request"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    delta: Mapped[int]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str]
    """open, agreed or refused."""
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
