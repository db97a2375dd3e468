"""Offers with their budgets, coupons, redemptions, and tills that guess."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Offer(Row):
    __tablename__ = "offer"
    __table_args__ = (CheckConstraint("issued <= budget_pieces", name="issued_within_budget"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    """amount, percent, gift, shipping, access or exchange."""
    value: Mapped[int]
    """Fen off, or percent off (20 = 8 折)."""
    threshold_fen: Mapped[int] = mapped_column(default=0)
    budget_pieces: Mapped[int]
    issued: Mapped[int] = mapped_column(default=0)
    per_customer: Mapped[int] = mapped_column(default=1)
    valid_days: Mapped[int]
    stores: Mapped[list[Any]]
    """Store codes; empty means all."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    """active, paused or ended."""
    code_seed: Mapped[str] = mapped_column(default="")
    """What this offer's codes are drawn from; made from a secret outside the database."""


class Coupon(Row):
    __tablename__ = "coupon"
    __table_args__ = (
        UniqueConstraint("offer_id", "customer_id", "trigger"),
        Index("ix_coupon_customer_id_state", "customer_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    trigger: Mapped[str]
    """What it was given for; the same trigger never gives a second one."""
    state: Mapped[str]
    """held, redeemed, returned or expired. A returned coupon is held again unless it has run out."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    touch_id: Mapped[int | None]


class Redemption(Row):
    __tablename__ = "redemption"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupon.id"), index=True)
    order_no: Mapped[str | None] = mapped_column(index=True)
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    actor: Mapped[str]
    at: Mapped[datetime]
    discount_fen: Mapped[int]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
    live: Mapped[int | None] = mapped_column(unique=True)
    """The coupon's id while this redemption stands, NULL once voided: the database itself allows only one."""


class TillMiss(Row):
    """Wrong codes typed at one till of late: too many lock it for a while."""

    __tablename__ = "till_miss"

    till: Mapped[str] = mapped_column(primary_key=True)
    misses: Mapped[int]
    since: Mapped[datetime]
    locked_until: Mapped[datetime | None]
