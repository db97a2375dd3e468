"""Offers with their budgets, coupons, redemptions, and tills that guess."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Offer(Row):
    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("issued <= budget_pieces", name="issued_within_budget"),
        CheckConstraint("owed_fen <= budget_fen", name="owed_within_budget"),
    )

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
    per_household: Mapped[int] = mapped_column(default=0)
    """Together with those who gave the same phone as she; 0 knows no households."""
    valid_days: Mapped[int]
    stores: Mapped[list[Any]]
    """Store codes; empty means all, `*` any store but not the mall."""
    goods: Mapped[list[Any]] = mapped_column(default=list)
    """Skus or categories it is good for; empty means all."""
    most_fen: Mapped[int] = mapped_column(default=0)
    """The most a percentage takes off; 0 knows no end."""
    piece_fen: Mapped[int] = mapped_column(default=0)
    """What one piece may cost us at worst."""
    budget_fen: Mapped[int | None]
    """The ceiling of all that pieces which are out may cost."""
    owed_fen: Mapped[int] = mapped_column(default=0)
    stacks: Mapped[bool] = mapped_column(default=False)
    """May be used beside others on one order; of those that do not stack, one order takes one."""
    first_order: Mapped[bool] = mapped_column(default=False)
    """Only for people who have bought nothing yet."""
    after_return: Mapped[str] = mapped_column(default="back")
    """back or lost: what becomes of a used coupon whose order comes back whole."""
    queue: Mapped[bool] = mapped_column(default=False)
    """Who comes after the last piece waits in line for one that comes free."""
    claimable: Mapped[bool] = mapped_column(default=False)
    """Customers may take it themselves."""
    team_size: Mapped[int] = mapped_column(default=0)
    """So many must come together before anybody's coupon counts; 0 is everybody for herself."""
    team_hours: Mapped[int] = mapped_column(default=24)
    """How long they have for it."""
    cycle_days: Mapped[int] = mapped_column(default=0)
    """Customers may have it again every so many days; 0 is no such thing."""
    needs: Mapped[str | None]
    """The offer of which one must hold a coupon to begin a team."""
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
    """held, redeemed, expired, withdrawn, declined, waiting in line for a piece, or gathering: its team is not whole.

    A returned coupon is held again unless it has run out.
    """
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    touch_id: Mapped[int | None]
    worth_fen: Mapped[int] = mapped_column(default=0)
    """What it took of the offer's money."""
    team: Mapped[int | None] = mapped_column(index=True)
    """The coupon that began the team it belongs to."""
    reserved_for: Mapped[str | None] = mapped_column(index=True)
    """The order that a till is just ringing up with it."""
    reserved_until: Mapped[datetime | None]


class Cycle(Row):
    """定期购: she wants this offer again and again; one row a person and offer, begun anew after an end."""

    __tablename__ = "cycle"
    __table_args__ = (
        UniqueConstraint("offer_id", "customer_id"),
        Index("ix_cycle_state_next_at", "state", "next_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    state: Mapped[str]
    """active, stopped by her, or over because the offer is."""
    number: Mapped[int] = mapped_column(default=0)
    """How many she has been given."""
    next_at: Mapped[datetime]
    since: Mapped[datetime]


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
    alone: Mapped[str | None] = mapped_column(unique=True)
    """The order, while a coupon that does not stack is used on it: a second such one finds the place taken."""


class TillMiss(Row):
    """Wrong codes typed at one till of late: too many lock it for a while. Other doors that people come through
    only so often are counted here too."""

    __tablename__ = "till_miss"

    till: Mapped[str] = mapped_column(primary_key=True)
    misses: Mapped[int]
    since: Mapped[datetime]
    locked_until: Mapped[datetime | None]
