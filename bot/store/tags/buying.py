"""One purchase rule as SQL: who holds its tag now, and by how many orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    select,
    text,
    true,
    union_all,
)

from bot.domain.mapping import Moment
from bot.domain.offers import Redemption
from bot.domain.orders import Order, OrderLine, Product, UsualPrice
from bot.domain.tags import Bought, PriceBand, Tag, TagGroup, parts
from bot.domain.tags.buyers import shows, windows
from bot.store.tags.kinds import category_of

SUNDAY, SATURDAY = 0, 6
CUSTOMERS: BindParameter[Any] = bindparam("customers", expanding=True)
Bound = Mapping[str, Any]


def bound(now: datetime, rules: Sequence[Bought]) -> Bound:
    """The moments that the statements of `Buying` leave open."""
    days = {rule.within_days for rule in rules if rule.within_days is not None}
    return {"now": now} | {_since(n): now - timedelta(days=n) for n in days}


@dataclass(frozen=True)
class Buying:
    """Built once for a book and used for every buyer: moments, customers and tags are bound when it runs."""

    utc_offset_hours: int
    sqlite: bool
    named: bool = True
    """Of the customers bound as `customers`, or of everybody."""

    def holds(self, rule: Bought, tag: str) -> Select[Any]:
        """(customer_id, tag_id, rule, orders). `tag` names the bound id; where all categories count, they name it."""
        orders = self._orders(rule)
        if rule.category is None:
            return self._by_order(rule, orders, tag)
        return self._by_category(rule, orders, tag)

    def together(self, rules: Sequence[Bought], names: Sequence[str]) -> Subquery:
        """What `holds` tells of each rule, with the orders looked at once for all of them."""
        told: list[Select[Any]] = []
        for by_line in (False, True):
            mine = [
                (rule, name)
                for rule, name in zip(rules, names, strict=True)
                if rule.category != "*" and (rule.category is not None) == by_line
            ]
            if mine:
                pass_ = self.at_once([rule for rule, _ in mine], by_line=by_line)
                told += _apart(pass_, mine)
        every = zip(rules, names, strict=True)
        told += [self.holds(rule, name) for rule, name in every if rule.category == "*"]
        return union_all(*told).subquery()

    def at_once(self, rules: Sequence[Bought], *, by_line: bool) -> Select[Any]:
        """(customer_id, and for each rule the number of orders by which she holds its tag, else 0), in one pass."""
        compared = any(rule.compares for rule in rules)
        orders = self._sold() if by_line else self._paid(compared=compared).subquery()
        each = orders.c.id.distinct() if by_line else orders.c.id
        fits = []
        for rule in rules:
            inside = orders.c.category == rule.category if by_line else true()
            if rule.within_days is not None:
                inside &= _after(orders.c.paid_at, rule.within_days)
            number = func.count(each).filter(inside)
            enough = self._enough(rule, orders, number, inside)
            fits.append(case((enough, number), else_=0))
        return select(orders.c.customer_id, *fits).group_by(orders.c.customer_id)

    def bills(self, rules: tuple[Bought, ...]) -> dict[str, ColumnElement[int]]:
        """One row for each order, as whole numbers: what `Bills` asks for of it."""
        orders = self._paid(compared=any(rule.compares for rule in rules)).subquery()
        ages = [(_after(orders.c.paid_at, days), age) for age, days in enumerate(windows(rules))]
        told: dict[str, ColumnElement[int]] = {
            "order": orders.c.id,
            "customer": orders.c.customer_id,
        }
        told["age"] = case(*ages, else_=len(ages)) if ages else literal(0)
        for place, rule in enumerate(rules):
            if rule.compares:
                told |= {"compared": orders.c.compared, "usual": func.coalesce(orders.c.usual, 0)}
            elif rule.price is not None:
                told["net"] = orders.c.net
            elif rule.habit is not None:
                fits = self._fits(rule, orders)
                if rule.within_days is not None:
                    fits = _after(orders.c.paid_at, rule.within_days) & fits
                told[shows(place)] = case((fits, 1), else_=0)
        return told

    def _sold(self) -> Subquery:
        """One row for each line of an order, with its category."""
        orders = self._paid().subquery()
        query = select(orders, category_of().label("category")).join(
            OrderLine, OrderLine.order_id == orders.c.id
        )
        return query.outerjoin(Product, Product.sku == OrderLine.sku).subquery()

    def _by_order(self, rule: Bought, orders: Subquery, tag: str) -> Select[Any]:
        number = func.count()
        return (
            select(
                orders.c.customer_id,
                bindparam(tag, type_=Integer).label("tag_id"),
                literal(rule.key).label("rule"),
                number.label("orders"),
            )
            .group_by(orders.c.customer_id)
            .having(self._enough(rule, orders, number))
        )

    def _by_category(self, rule: Bought, orders: Subquery, tag: str) -> Select[Any]:
        number = func.count(orders.c.id.distinct())
        every = rule.category == "*"
        tag_id = Tag.id if every else bindparam(tag, type_=Integer)
        query = (
            select(
                orders.c.customer_id,
                tag_id.label("tag_id"),
                literal(rule.key).label("rule"),
                number.label("orders"),
            )
            .join(OrderLine, OrderLine.order_id == orders.c.id)
            .outerjoin(Product, Product.sku == OrderLine.sku)
        )
        if every:
            group = select(TagGroup.id).where(TagGroup.name == parts(rule.tag)[0])
            query = query.join(
                Tag, and_(Tag.name == category_of(), Tag.group_id == group.scalar_subquery())
            ).group_by(orders.c.customer_id, Tag.id)
        else:
            query = query.where(category_of() == rule.category).group_by(orders.c.customer_id)
        return query.having(self._enough(rule, orders, number))

    def _enough(
        self,
        rule: Bought,
        orders: Subquery,
        number: ColumnElement[int],
        inside: ColumnElement[bool] | None = None,
    ) -> ColumnElement[bool]:
        """Whether these orders, or those of them that are inside, make the rule true."""

        def sum_of(what: ColumnElement[Any]) -> ColumnElement[Any]:
            return func.sum(what) if inside is None else func.sum(what).filter(inside)

        if rule.price is not None:
            return _in_band(rule.price, number, orders, sum_of)
        if habit := rule.habit:
            fits = self._fits(rule, orders)
            share = sum_of(case((fits, 1), else_=0))
            return and_(number >= habit.orders, share >= habit.share * number)
        if rule.orders is None:
            return number >= 1
        most = true() if rule.orders.most is None else number <= rule.orders.most
        return and_(number >= rule.orders.least, most)

    def _orders(self, rule: Bought) -> Subquery:
        query = self._paid(compared=rule.compares)
        if rule.within_days is not None:
            query = query.where(_after(Order.paid_at, rule.within_days))
        return query.subquery()

    def _paid(self, *, compared: bool = False) -> Select[Any]:
        """Paid orders that were not all given back; `compared` beside what such things usually cost."""
        net = (Order.amount_fen - Order.refunded_fen).label("net")
        columns: list[Any] = [Order.id, Order.customer_id, Order.paid_at, Order.order_no, net]
        query = select(*columns).where(
            self._whose(),
            Order.paid_at <= bindparam("now", type_=Moment),
            Order.state != "cancelled",
            Order.amount_fen > Order.refunded_fen,
        )
        if not compared:
            return query
        # Grouped once: asked for order by order, the same lines would be read for each rule anew.
        lines = self._things().subquery()
        whole = select(UsualPrice.fen).where(UsualPrice.category == "").scalar_subquery()
        return query.outerjoin(lines, lines.c.order_id == Order.id).add_columns(
            func.coalesce(lines.c.paid, net).label("compared"),
            func.coalesce(lines.c.usual, whole).label("usual"),
        )

    def _things(self) -> Select[*tuple[Any, ...]]:
        """(order_id, what its things cost, what they usually do), of orders with things that can be compared."""
        return (
            select(
                OrderLine.order_id,
                func.sum(OrderLine.amount_fen).label("paid"),
                func.sum(OrderLine.quantity * UsualPrice.fen).label("usual"),
            )
            .join(Order, Order.id == OrderLine.order_id)
            .outerjoin(Product, Product.sku == OrderLine.sku)
            .join(UsualPrice, and_(UsualPrice.category == category_of(), category_of() != ""))
            .where(self._whose(), OrderLine.amount_fen > 0, OrderLine.quantity > 0)
            .group_by(OrderLine.order_id)
        )

    def _whose(self) -> ColumnElement[bool]:
        return Order.customer_id.in_(CUSTOMERS) if self.named else Order.customer_id.is_not(None)

    def _fits(self, rule: Bought, orders: Subquery) -> ColumnElement[bool]:
        """Whether one order shows the habit."""
        if rule.new_items is not None:
            return self._new(orders, rule.new_items.days)
        return _redeemed(orders) if rule.with_coupon else self._weekend(orders.c.paid_at)

    def _new(self, orders: Subquery, days: int) -> ColumnElement[bool]:
        paid, listed = orders.c.paid_at, Product.listed_at
        if self.sqlite:
            young: ColumnElement[bool] = func.julianday(paid) - func.julianday(listed) < days
        else:
            young = paid.op("-")(listed) < text(f"interval '{days} days'")
        held = OrderLine.order_id == orders.c.id
        return exists().where(held, Product.sku == OrderLine.sku, listed <= paid, young)

    def _weekend(self, paid_at: ColumnElement[datetime]) -> ColumnElement[bool]:
        hours = self.utc_offset_hours
        if self.sqlite:
            day = cast(func.strftime("%w", paid_at, f"{hours:+d} hours"), Integer)
        else:
            local = paid_at.op("+")(text(f"interval '{hours} hours'"))
            day = cast(extract("dow", local), Integer)
        return day.in_((SUNDAY, SATURDAY))


def _apart(pass_: Select[Any], rules: Sequence[tuple[Bought, str]]) -> Iterator[Select[Any]]:
    """The columns of one pass as rows of each rule."""
    who, *numbers = pass_.selected_columns
    labels = [who.label("customer_id"), *(c.label(f"n{n}") for n, c in enumerate(numbers))]
    once = pass_.with_only_columns(*labels).cte()
    for n, (rule, name) in enumerate(rules):
        orders = once.c[f"n{n}"].label("orders")
        tag = bindparam(name, type_=Integer).label("tag_id")
        told = select(once.c.customer_id, tag, literal(rule.key).label("rule"), orders)
        yield told.where(once.c[f"n{n}"] > 0)


def _in_band(
    band: PriceBand,
    number: ColumnElement[int],
    orders: Subquery,
    sum_of: Callable[[ColumnElement[Any]], ColumnElement[Any]],
) -> ColumnElement[bool]:
    """Of her average order; or of what she pays, order by order, beside what such things usually cost."""
    spent, unit = sum_of(orders.c.net), number
    if band.of == "category":
        spent, unit = sum_of(orders.c.compared) * 100, sum_of(orders.c.usual)
    cheap = true() if band.below is None else spent < band.below * unit
    return and_(spent >= band.from_ * unit, cheap)


def _redeemed(orders: Subquery) -> ColumnElement[bool]:
    return exists().where(Redemption.order_no == orders.c.order_no, Redemption.voided_at.is_(None))


def _after(paid_at: Any, days: int) -> ColumnElement[bool]:
    after: ColumnElement[bool] = paid_at > bindparam(_since(days), type_=Moment)
    return after


def _since(days: int) -> str:
    return f"since_{days}"
