"""Conditions about what a customer did: orders, messages, opened links, used coupons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from bot.domain.customers import Store
from bot.domain.delivery import Message, ShortLink
from bot.domain.offers import Coupon, Redemption
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.segments import Condition
from bot.store.segment_asking import Asking, Clause, in_, several, sum_of, turned
from bot.store.segment_comparing import age

Compiled = Callable[[Asking, Condition], Clause]


def _order_sum(measure: ColumnElement[Any]) -> Compiled:
    def compiled(to: Asking, asked: Condition) -> Clause:
        buyers = to.those(Order.customer_id, to.bought(asked))
        return sum_of(asked, Order.customer_id, buyers, measure)

    return compiled


def _order_age(moment: ColumnElement[Any]) -> Compiled:
    def compiled(to: Asking, asked: Condition) -> Clause:
        buyers = to.those(Order.customer_id, to.bought(asked)).group_by(Order.customer_id)
        return in_(buyers.having(age(to.now, moment, asked.op, asked.value)))

    return compiled


def _category(to: Asking, asked: Condition) -> Clause:
    category = func.coalesce(func.nullif(OrderLine.category, ""), Product.category)
    query = (
        select(Order.customer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
    )
    wanted = category.in_(several(asked.value))
    return turned(asked, in_(to.those(Order.customer_id, to.bought(asked), wanted, of=query)))


def _bought_in(to: Asking, asked: Condition) -> Clause:
    query = select(Order.customer_id).join(Store, Store.id == Order.store_id)
    wanted = Store.code.in_(several(asked.value))
    return turned(asked, in_(to.those(Order.customer_id, wanted, to.bought(asked), of=query)))


def _messages(to: Asking, asked: Condition) -> Clause:
    inside = to.inside(asked, Message.at)
    rows = to.those(Message.customer_id, Message.direction == "in", inside)
    return sum_of(asked, Message.customer_id, rows, func.count())


def _intent(to: Asking, asked: Condition) -> Clause:
    meant = Message.intent.in_(several(asked.value))
    rows = to.those(Message.customer_id, meant, to.inside(asked, Message.at))
    return turned(asked, in_(rows))


def _opened(to: Asking, asked: Condition) -> Clause:
    rows = to.those(ShortLink.customer_id, to.inside(asked, ShortLink.opened_at))
    return sum_of(asked, ShortLink.customer_id, rows, func.count())


def _used(to: Asking, asked: Condition) -> Clause:
    query = select(Coupon.customer_id).join(Redemption, Redemption.coupon_id == Coupon.id)
    stands = and_(Redemption.voided_at.is_(None), to.inside(asked, Redemption.at))
    rows = to.those(Coupon.customer_id, stands, of=query)
    return sum_of(asked, Coupon.customer_id, rows, func.count())


DEEDS: Mapping[str, Compiled] = {
    "orders.category": _category,
    "orders.count": _order_sum(func.count()),
    "orders.amount": _order_sum(func.sum(Order.amount_fen - Order.refunded_fen)),
    "orders.last_days": _order_age(func.max(Order.paid_at)),
    "first_order_days": _order_age(func.min(Order.paid_at)),
    "orders.store": _bought_in,
    "messages.intent": _intent,
    "messages.count": _messages,
    "links.opened": _opened,
    "coupons.used": _used,
}
