"""Tiers: 核心 / 潜力 / 普通 / 沉睡 by value and activity, and 头部 / 腰部 / 大众 by share of value."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class PurchaseStats(Row):
    """Kept aggregates of one customer's purchases, as of `as_of`; n and d decay by 2^(-days/half-life)."""

    __tablename__ = "purchase_stats"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    days: Mapped[int]
    """Purchase days: orders of one day are one visit."""
    orders: Mapped[int]
    amount_fen: Mapped[int]
    """Net of refunds."""
    top_category: Mapped[str | None]
    as_of: Mapped[datetime]


class CustomerTier(Row):
    __tablename__ = "customer_tier"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    tier: Mapped[str] = mapped_column(index=True)
    share_class: Mapped[str]
    """头部, 腰部 or 大众."""
    score: Mapped[float]
    """V: higher is better."""
    activity: Mapped[float]
    overdue: Mapped[float]
    rank: Mapped[float]
    """0 best, 1 last."""
    recency: Mapped[int]
    frequency: Mapped[int]
    monetary: Mapped[int]
    """Classic RFM cells, 1-5."""
    reason: Mapped[str]
    since: Mapped[datetime]


class TierMove(Row):
    __tablename__ = "tier_move"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    before: Mapped[str | None]
    after: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
