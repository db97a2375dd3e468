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
