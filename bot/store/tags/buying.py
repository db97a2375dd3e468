"""One purchase rule as SQL: who holds its tag now, and by how many orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.offers import Redemption
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.tags import Bought, Tag, TagGroup, parts

SUNDAY, SATURDAY = 0, 6


def category_of() -> ColumnElement[str]:
    """As the order says, else as the product is filed."""
    return func.coalesce(func.nullif(OrderLine.category, ""), Product.category, "")


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], ids: Sequence[int]) -> Any:
    """A range of ids is asked for by its ends, however wide it is."""
    if isinstance(ids, range):
        return column.between(ids.start, ids.stop - 1)
    return column.in_(ids)


@dataclass(frozen=True)
class Buying:
    now: datetime
    utc_offset_hours: int
    customer_ids: Sequence[int] | None
    sqlite: bool

    def holds(self, rule: Bought, tag_id: int | None) -> Select[Any]:
        """(customer_id, tag_id, rule, orders). Without a tag id the category names it."""
        orders = self._orders(rule)
        if rule.category is None:
            return self._by_order(rule, orders, tag_id)
        return self._by_category(rule, orders, tag_id)

    def _by_order(self, rule: Bought, orders: Subquery, tag_id: int | None) -> Select[Any]:
        number = func.count()
        return (
            select(
                orders.c.customer_id,
                literal(tag_id).label("tag_id"),
                literal(rule.key).label("rule"),
                number.label("orders"),
            )
            .group_by(orders.c.customer_id)
            .having(self._enough(rule, orders, number))
        )

    def _by_category(self, rule: Bought, orders: Subquery, tag_id: int | None) -> Select[Any]:
        number = func.count(orders.c.id.distinct())
        tag = Tag.id if tag_id is None else literal(tag_id)
        query = (
            select(
                orders.c.customer_id,
                tag.label("tag_id"),
                literal(rule.key).label("rule"),
                number.label("orders"),
            )
            .join(OrderLine, OrderLine.order_id == orders.c.id)
            .outerjoin(Product, Product.sku == OrderLine.sku)
        )
        if tag_id is None:
            group = select(TagGroup.id).where(TagGroup.name == parts(rule.tag)[0])
            query = query.join(
                Tag, and_(Tag.name == category_of(), Tag.group_id == group.scalar_subquery())
            ).group_by(orders.c.customer_id, Tag.id)
        else:
            query = query.where(category_of() == rule.category).group_by(orders.c.customer_id)
        return query.having(self._enough(rule, orders, number))

    def _enough(
        self, rule: Bought, orders: Subquery, number: ColumnElement[int]
    ) -> ColumnElement[bool]:
        if rule.price is not None:
            spent = func.sum(orders.c.net)
            cheap = true() if rule.price.below is None else spent < rule.price.below * number
            return and_(spent >= rule.price.from_ * number, cheap)
        if habit := rule.with_coupon or rule.at_weekends:
            fits = _redeemed(orders) if rule.with_coupon else self._weekend(orders.c.paid_at)
            share = func.sum(case((fits, 1), else_=0))
            return and_(number >= habit.orders, share >= habit.share * number)
        if rule.orders is None:
            return number >= 1
        most = true() if rule.orders.most is None else number <= rule.orders.most
        return and_(number >= rule.orders.least, most)

    def _orders(self, rule: Bought) -> Subquery:
        """Paid orders that were not all given back."""
        net = (Order.amount_fen - Order.refunded_fen).label("net")
        query = select(Order.id, Order.customer_id, Order.paid_at, Order.order_no, net).where(
            Order.customer_id.is_not(None),
            Order.paid_at <= self.now,
            Order.state != "cancelled",
            Order.amount_fen > Order.refunded_fen,
        )
        if rule.within_days is not None:
            query = query.where(Order.paid_at > self.now - timedelta(days=rule.within_days))
        if self.customer_ids is not None:
            query = query.where(among(Order.customer_id, self.customer_ids))
        return query.subquery()

    def _weekend(self, paid_at: ColumnElement[datetime]) -> ColumnElement[bool]:
        hours = self.utc_offset_hours
        if self.sqlite:
            day = cast(func.strftime("%w", paid_at, f"{hours:+d} hours"), Integer)
        else:
            local = paid_at.op("+")(text(f"interval '{hours} hours'"))
            day = cast(extract("dow", local), Integer)
        return day.in_((SUNDAY, SATURDAY))


def _redeemed(orders: Subquery) -> ColumnElement[bool]:
    return exists().where(Redemption.order_no == orders.c.order_no, Redemption.voided_at.is_(None))
