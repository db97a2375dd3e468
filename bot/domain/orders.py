"""Orders, their lines and what happened to them. Money is integer fen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row
from bot.events.shop import OrderKind


class Order(Row):
    __tablename__ = "shop_order"
    __table_args__ = (
        UniqueConstraint("source", "order_no"),
        Index(
            "ix_shop_order_customer_id_paid_at",
            "customer_id",
            "paid_at",
            "amount_fen",
            "refunded_fen",
        ),
        # Who bought of late, and for how much, is answered from this alone.
        Index("ix_shop_order_paid_at", "paid_at", "customer_id", "amount_fen", "refunded_fen"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str]
    order_no: Mapped[str]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    """None until the buyer is known."""
    paid_at: Mapped[datetime | None]
    amount_fen: Mapped[int] = mapped_column(default=0)
    refunded_fen: Mapped[int] = mapped_column(default=0)
    """What went back, by refunds or by cancelling; never more than was paid once the payment is known."""
    state: Mapped[str]
    """paid, cancelled, completed, or awaited while only a refund or a completion has been heard of."""
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    guide_id: Mapped[int | None] = mapped_column(ForeignKey("guide.id"))
    channel: Mapped[str | None]


class OrderEntry(Row):
    """One business event of one order, counted once: the key is kind + (refund_no or moment)."""

    __tablename__ = "order_entry"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "ref"),
        # What somebody's money came to is read from this alone: her entries lie all over the table.
        Index("ix_order_entry_customer_id_at", "customer_id", "at", "kind", "amount_fen"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str]
    ref: Mapped[str]
    at: Mapped[datetime]
    amount_fen: Mapped[int]
    """Signed: refunds and cancellations are negative."""


class OrderLine(Row):
    """Identical lines of one order are distinct: the ordinal keeps them apart."""

    __tablename__ = "order_line"
    __table_args__ = (UniqueConstraint("order_id", "ordinal"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"))
    ordinal: Mapped[int]
    """Its place in a reported order; for lines of a file, a number made of its content and how often
    that occurred before in the order, so that an overlapping file adds only what is missing."""
    sku: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(default="", index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    amount_fen: Mapped[int] = mapped_column(default=0)


class Product(Row):
    __tablename__ = "product"

    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(default="")
    price_fen: Mapped[int] = mapped_column(default=0)
    listed_at: Mapped[datetime | None]
    """Since when it is on sale; None when no file said so."""
    same_as: Mapped[str | None]
    """The sku this one is another name of."""
    style: Mapped[str] = mapped_column(default="")
    series: Mapped[str] = mapped_column(default="", index=True)
    stock: Mapped[int | None]
    """Pieces that can be sold; None when no file said so."""
    restocked_at: Mapped[datetime | None] = mapped_column(index=True)
    """When there were some again, or for the first time."""


class UsualPrice(Row):
    """What one piece of a category costs in the middle, or a whole order: its category has no name."""

    __tablename__ = "usual_price"

    category: Mapped[str] = mapped_column(primary_key=True)
    fen: Mapped[int]


def entry_ref(kind: OrderKind, refund_no: str | None, at: datetime) -> str:
    """What tells two events of one kind apart: only refunds happen more than once to an order."""
    if kind is not OrderKind.REFUNDED:
        return ""
    return refund_no or at.astimezone(UTC).isoformat()


def state_after(order: Order, kind: OrderKind) -> str:
    """Cancelled is final: a payment reported again does not revive an order."""
    if order.state == "cancelled" or kind is OrderKind.REFUNDED:
        return order.state
    return kind.value


def taken_back(order: Order, kind: OrderKind, amount_fen: int) -> int:
    """How much a refund or a cancellation takes from an order, never more than is left of it."""
    left = max(order.amount_fen - order.refunded_fen, 0)
    if kind is OrderKind.CANCELLED:
        return left
    return amount_fen if order.paid_at is None else min(amount_fen, left)


def share_out(entries: Sequence[OrderEntry], amount_fen: int) -> int:
    """Fit what was taken back before the payment was known into the payment; returns the total taken."""
    left = amount_fen
    for entry in sorted(entries, key=lambda entry: entry.at):
        asked = left if entry.kind == OrderKind.CANCELLED else -entry.amount_fen
        entry.amount_fen = -min(asked, left)
        left += entry.amount_fen
    return amount_fen - left
