"""Conditions about what a customer did: orders, messages, opened links, used coupons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, select

from bot.domain.customers import Customer, Store
from bot.domain.delivery import Message, ShortLink
from bot.domain.offers import Coupon, Redemption
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.segments import Condition
from bot.store.segment_asking import Asking, Clause, Who, in_, several, sum_of, turned
from bot.store.segment_comparing import compare, days_before

Compiled = Callable[[Asking, Condition], Clause]


def _order_sum(measure: ColumnElement[Any]) -> Compiled:
    def compiled(to: Asking, asked: Condition) -> Clause:
        return _counted(to, asked, Order.customer_id, to.bought(asked), measure=measure)

    return compiled


def _counted(
    to: Asking,
    asked: Condition,
    who: Who,
    *where: Clause,
    of: Select[Any] | None = None,
    measure: ColumnElement[Any] | None = None,
) -> Clause:
    hers = to.whose(who)
    rows = to.those(who, *where, of=of).with_only_columns(hers, maintain_column_froms=True)
    return sum_of(asked, hers, rows, func.count() if measure is None else measure)


def _newest(to: Asking, asked: Condition) -> Clause:
    """Days since the newest order. It is recent exactly when some order is: nobody's orders are sorted."""
    return _aged(to, asked, lambda since: _bought_after(to, asked, since))


def _oldest(to: Asking, asked: Condition) -> Clause:
    """The oldest order is long ago exactly when some order is."""

    def recent(since: datetime) -> Clause:
        old = in_(to.those(Order.customer_id, to.bought(asked), Order.paid_at <= since))
        return and_(_buyer(to, asked), not_(old))

    return _aged(to, asked, recent)


def _bought_after(to: Asking, asked: Condition, since: datetime) -> Clause:
    return in_(to.those(Order.customer_id, to.bought(asked), Order.paid_at > since))


def _buyer(to: Asking, asked: Condition) -> Clause:
    # Asked last and only of whoever is left: to list all who ever bought takes longer.
    return exists().where(Order.customer_id == Customer.id, to.bought(asked))


def _aged(to: Asking, asked: Condition, recent: Callable[[datetime], Clause]) -> Clause:
    """A number of whole days compared, by asking only who is more recent than some moment."""

    def younger(days: int) -> Clause:
        return recent(days_before(to.now, days))

    op, value = asked.op, asked.value
    if op in ("lt", "lte"):
        return younger(value + (op == "lte"))
    if op in ("gt", "gte"):
        return and_(_buyer(to, asked), not_(younger(value + (op == "gt"))))
    low, high = value if op == "between" else (value, value)
    within = and_(younger(high + 1), not_(younger(low)))
    return and_(_buyer(to, asked), not_(within)) if op == "ne" else within


def _category(to: Asking, asked: Condition) -> Clause:
    category = func.coalesce(func.nullif(OrderLine.category, ""), Product.category)
    query = (
        select(Order.customer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
    )
    wanted = category.in_(several(asked.value))
    return turned(asked, in_(to.those(Order.customer_id, to.bought(asked), wanted, of=query)))


def _item_price(to: Asking, asked: Condition) -> Clause:
    """What one piece of something costs, as the product is filed, else as it was sold: its price band."""
    sold = OrderLine.amount_fen / func.nullif(OrderLine.quantity, 0)
    price = func.coalesce(func.nullif(Product.price_fen, 0), sold)
    query = (
        select(Order.customer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
    )
    fits = compare(asked.op, price, asked.value)
    return in_(to.those(Order.customer_id, to.bought(asked), fits, of=query))


def _bought_in(to: Asking, asked: Condition) -> Clause:
    query = select(Order.customer_id).join(Store, Store.id == Order.store_id)
    wanted = Store.code.in_(several(asked.value))
    return turned(asked, in_(to.those(Order.customer_id, wanted, to.bought(asked), of=query)))


def _messages(to: Asking, asked: Condition) -> Clause:
    inside = to.inside(asked, Message.at)
    return _counted(to, asked, Message.customer_id, Message.direction == "in", inside)


def _intent(to: Asking, asked: Condition) -> Clause:
    meant = Message.intent.in_(several(asked.value))
    rows = to.those(Message.customer_id, meant, to.inside(asked, Message.at))
    return turned(asked, in_(rows))


def _opened(to: Asking, asked: Condition) -> Clause:
    return _counted(to, asked, ShortLink.customer_id, to.inside(asked, ShortLink.opened_at))


def _used(to: Asking, asked: Condition) -> Clause:
    query = select(Coupon.customer_id).join(Redemption, Redemption.coupon_id == Coupon.id)
    stands = and_(Redemption.voided_at.is_(None), to.inside(asked, Redemption.at))
    return _counted(to, asked, Coupon.customer_id, stands, of=query)


DEEDS: Mapping[str, Compiled] = {
    "orders.category": _category,
    "orders.item_price": _item_price,
    "orders.count": _order_sum(func.count()),
    "orders.amount": _order_sum(func.sum(Order.amount_fen - Order.refunded_fen)),
    "orders.last_days": _newest,
    "first_order_days": _oldest,
    "orders.store": _bought_in,
    "messages.intent": _intent,
    "messages.count": _messages,
    "links.opened": _opened,
    "coupons.used": _used,
}
