"""Orders, their lines and what happened to them. Money is integer fen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Order(Row):
    __tablename__ = "shop_order"
    __table_args__ = (
        UniqueConstraint("source", "order_no"),
        Index("ix_shop_order_customer_id_paid_at", "customer_id", "paid_at"),
        Index("ix_shop_order_paid_at", "paid_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str]
    order_no: Mapped[str]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    """None until the buyer is known."""
    paid_at: Mapped[datetime | None]
    amount_fen: Mapped[int] = mapped_column(default=0)
    refunded_fen: Mapped[int] = mapped_column(default=0)
    state: Mapped[str]
    """paid, cancelled or completed."""
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    guide_id: Mapped[int | None] = mapped_column(ForeignKey("guide.id"))
    channel: Mapped[str | None]


class OrderEntry(Row):
    """One business event of one order, counted once: the key is kind + (refund_no or moment)."""

    __tablename__ = "order_entry"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "ref"),
        Index("ix_order_entry_customer_id_at", "customer_id", "at"),
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
    same_as: Mapped[str | None]
    """The sku this one is another name of."""
