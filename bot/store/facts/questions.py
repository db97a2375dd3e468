"""What is asked about people before something is said to them. Asked for nearly every message: the queries are
built once for each database and bound to people and moment."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import aliased

from bot.domain.customers import Customer, Follow, Guide, Secret, Store
from bot.domain.group_chats import Invite
from bot.domain.mapping import Moment
from bot.domain.offers import Coupon
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.points import PointsAccount
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store.bulk import among

NOW = bindparam("now", type_=Moment)
LINE = (OrderLine.sku, OrderLine.name, OrderLine.category)
Rows = Select[*tuple[Any, ...]]


class Questions(NamedTuple):
    names: Rows
    best_guides: Rows
    standing: Rows
    coupons: Rows
    orders: Rows
    spent: Rows
    last_items: Rows
    general: Rows
    invites: Rows


STORES = select(Store.id, Store.name).where(Store.id.in_(bindparam("stores", expanding=True)))


@cache
def questions(dialect: str) -> Questions:
    def hers(column: Any) -> ColumnElement[bool]:
        return among(dialect, column, "ids")

    bought = (
        hers(Order.customer_id),
        Order.paid_at <= NOW,
        # Paid, and not given back: nobody is reminded of what she returned.
        Order.amount_fen > Order.refunded_fen,
    )
    return Questions(
        names=select(Secret.customer_id, Secret.name).where(
            hers(Secret.customer_id), Secret.name.is_not(None)
        ),
        best_guides=_best_guides(hers(Follow.customer_id)),
        standing=select(
            Customer.id,
            Customer.birthday_month,
            CustomerTier.tier,
            PurchaseStats.top_category,
            PointsAccount,
        )
        .outerjoin(CustomerTier, CustomerTier.customer_id == Customer.id)
        .outerjoin(PurchaseStats, PurchaseStats.customer_id == Customer.id)
        .outerjoin(PointsAccount, PointsAccount.customer_id == Customer.id)
        .where(hers(Customer.id)),
        coupons=select(Coupon.customer_id, Coupon.code, Coupon.expires_at)
        .where(
            hers(Coupon.customer_id),
            Coupon.state.in_(("held", "returned")),
            Coupon.expires_at > NOW,
        )
        .order_by(Coupon.expires_at.desc(), Coupon.id.desc()),
        orders=select(Order.customer_id, func.count(), func.max(Order.paid_at))
        .where(*bought)
        .group_by(Order.customer_id),
        spent=select(Order.customer_id, func.sum(Order.amount_fen - Order.refunded_fen))
        .where(*bought, Order.paid_at >= bindparam("first", type_=Moment))
        .group_by(Order.customer_id),
        last_items=_newest_lines(*bought),
        general=select(Customer.id).where(hers(Customer.id), ~Customer.personalised),
        invites=select(Invite.customer_id, Invite.rule_key)
        .where(hers(Invite.customer_id), Invite.state.in_(("eligible", "sent")))
        .order_by(Invite.id),
    )


def _best_guides(hers: ColumnElement[bool]) -> Rows:
    latest = (
        Follow.advises_since.is_(None),
        Follow.last_talk_at.desc().nulls_last(),
        Follow.since.desc(),
        Follow.id.desc(),
    )
    place = func.row_number().over(partition_by=Follow.customer_id, order_by=latest)
    ranked = (
        select(Follow.customer_id, Follow.guide_id, place.label("place"))
        .join(Guide, Guide.id == Follow.guide_id)
        .where(hers, Follow.ended_at.is_(None), Guide.active)
        .subquery()
    )
    best = select(ranked.c.customer_id, Guide).join(Guide, Guide.id == ranked.c.guide_id)
    return best.where(ranked.c.place == 1)


def _newest_lines(*bought: ColumnElement[bool]) -> Rows:
    newest = (Order.paid_at.desc(), Order.id.desc(), OrderLine.amount_fen.desc(), OrderLine.id)
    place = func.row_number().over(partition_by=Order.customer_id, order_by=newest)
    lines = (
        select(Order.customer_id, *LINE, place.label("place"))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(*bought)
        .subquery()
    )
    main = aliased(Product)
    name = func.coalesce(main.name, lines.c.name)
    category = func.coalesce(func.nullif(lines.c.category, ""), Product.category)
    filed = select(lines.c.customer_id, name, category).where(lines.c.place == 1)
    filed = filed.outerjoin_from(lines, Product, Product.sku == lines.c.sku)
    return filed.outerjoin(main, main.sku == Product.same_as)
