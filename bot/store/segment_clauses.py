"""A rule as SQL over customers. Every clause is plainly true or false, never NULL, so that `not` means not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.cases import Case
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Follow, Guide, Store
from bot.domain.delivery import Window
from bot.domain.group_chats import GroupChat, GroupMember
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.points import PointsAccount
from bot.domain.segments import Condition, Negation, Rule
from bot.domain.tags import CustomerTag, Tag, TagGroup
from bot.domain.tiers import CustomerTier
from bot.store.segment_comparing import age, compare, days_before

HOME = ZoneInfo("Asia/Shanghai")
FIRST_LEVEL = PointsAccount.__table__.c.level.default.arg

Clause = ColumnElement[bool]
Who = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]


@dataclass(frozen=True, slots=True)
class Compiler:
    now: datetime
    only: int | None = None
    """Asked about one customer: every inner query is narrowed to her, or it would read everybody."""

    def clause(self, rule: Rule) -> Clause:
        if isinstance(rule, Condition):
            return COMPILERS[rule.field](self, rule)
        if isinstance(rule, Negation):
            return not_(self.clause(rule.part))
        parts = [self.clause(part) for part in rule.parts]
        return and_(true(), *parts) if rule.word == "all" else or_(false(), *parts)

    def those(self, who: Who, *where: Clause, of: Select[Any] | None = None) -> Select[Any]:
        """The customers of some rows."""
        query = (select(who) if of is None else of).where(who.is_not(None), *where)
        return query if self.only is None else query.where(who == self.only)

    def bought(self, asked: Condition) -> Clause:
        """Paid and not wholly given back, inside the window."""
        paid = and_(Order.paid_at <= self.now, Order.amount_fen > Order.refunded_fen)
        if asked.within_days is None:
            return paid
        return and_(paid, Order.paid_at > days_before(self.now, asked.within_days))

    def birthday(self, value: Any) -> int:
        return self.now.astimezone(HOME).month if value == "this" else int(value)


def _in(query: Select[Any]) -> Clause:
    return Customer.id.in_(query)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _if(asked: Condition, found: Clause) -> Clause:
    """Turned round for the operators that deny."""
    return not_(found) if asked.op in ("not_in", "ne", "has_not") else found


def _flag(asked: Condition, found: Clause) -> Clause:
    return found if asked.value == (asked.op == "eq") else not_(found)


def _tier(column: InstrumentedAttribute[str]) -> Callable[[Compiler, Condition], Clause]:
    def compiled(to: Compiler, asked: Condition) -> Clause:
        wanted = column.in_(_several(asked.value))
        return _if(asked, _in(to.those(CustomerTier.customer_id, wanted)))

    return compiled


def _tag(to: Compiler, asked: Condition) -> Clause:
    named = [value.split("/", 1) for value in _several(asked.value)]
    query = select(CustomerTag.customer_id).join(Tag).join(TagGroup)
    wanted = or_(*(and_(TagGroup.name == group, Tag.name == name) for group, name in named))
    alive = or_(CustomerTag.expires_at.is_(None), CustomerTag.expires_at > to.now)
    return _if(asked, _in(to.those(CustomerTag.customer_id, wanted, alive, of=query)))


def _stage(_to: Compiler, asked: Condition) -> Clause:
    return _if(asked, Customer.stage.in_(_several(asked.value)))


def _gender(_to: Compiler, asked: Condition) -> Clause:
    return _if(asked, Customer.gender.in_([int(value) for value in _several(asked.value)]))


def _region(_to: Compiler, asked: Condition) -> Clause:
    region = func.coalesce(Customer.region, "")
    if asked.op == "contains":
        # LIKE ignores case on one database and not on the other.
        return func.replace(region, asked.value, "") != region
    return _if(asked, region.in_(_several(asked.value)))


def _birthday(to: Compiler, asked: Condition) -> Clause:
    months = [to.birthday(value) for value in _several(asked.value)]
    return _if(asked, func.coalesce(Customer.birthday_month, 0).in_(months))


def _active(to: Compiler, asked: Condition) -> Clause:
    fits = age(to.now, Customer.last_active_at.expression, asked.op, asked.value)
    return and_(Customer.last_active_at.is_not(None), fits)


def _level(to: Compiler, asked: Condition) -> Clause:
    wanted = _several(asked.value)
    found = _in(to.those(PointsAccount.customer_id, PointsAccount.level.in_(wanted)))
    if FIRST_LEVEL in wanted:
        found = or_(found, not_(_in(to.those(PointsAccount.customer_id))))
    return _if(asked, found)


def _points(to: Compiler, asked: Condition) -> Clause:
    fits = compare(asked.op, PointsAccount.balance, asked.value)
    found = _in(to.those(PointsAccount.customer_id, fits))
    if not compare(asked.op, 0, asked.value):
        return found
    return or_(found, not_(_in(to.those(PointsAccount.customer_id))))


def _order_sum(measure: ColumnElement[Any]) -> Callable[[Compiler, Condition], Clause]:
    def compiled(to: Compiler, asked: Condition) -> Clause:
        buyers = to.those(Order.customer_id, to.bought(asked))
        fits = compare(asked.op, measure, asked.value)
        found = _in(buyers.group_by(Order.customer_id).having(fits))
        none_fits = compare(asked.op, 0, asked.value)
        return or_(found, not_(_in(buyers))) if none_fits else found

    return compiled


def _order_age(moment: ColumnElement[Any]) -> Callable[[Compiler, Condition], Clause]:
    def compiled(to: Compiler, asked: Condition) -> Clause:
        buyers = to.those(Order.customer_id, to.bought(asked)).group_by(Order.customer_id)
        return _in(buyers.having(age(to.now, moment, asked.op, asked.value)))

    return compiled


def _category(to: Compiler, asked: Condition) -> Clause:
    category = func.coalesce(func.nullif(OrderLine.category, ""), Product.category)
    query = (
        select(Order.customer_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(Product, Product.sku == OrderLine.sku)
    )
    wanted = category.in_(_several(asked.value))
    return _if(asked, _in(to.those(Order.customer_id, to.bought(asked), wanted, of=query)))


def _friends(to: Compiler, *where: Clause, of: Select[Any] | None = None) -> Select[Any]:
    return to.those(Follow.customer_id, Follow.ended_at.is_(None), *where, of=of)


def _followed(to: Compiler, asked: Condition) -> Clause:
    return _flag(asked, _in(_friends(to)))


def _guide(to: Compiler, asked: Condition) -> Clause:
    query = select(Follow.customer_id).join(Guide)
    wanted = Guide.userid.in_(_several(asked.value))
    return _if(asked, _in(_friends(to, wanted, of=query)))


def _friend_days(to: Compiler, asked: Condition) -> Clause:
    fits = age(to.now, func.min(Follow.since), asked.op, asked.value)
    return _in(_friends(to).group_by(Follow.customer_id).having(fits))


def _source(to: Compiler, asked: Condition) -> Clause:
    wanted = Follow.state.in_(_several(asked.value))
    return _if(asked, _in(to.those(Follow.customer_id, wanted)))


def _store(to: Compiler, asked: Condition) -> Clause:
    wanted = Store.code.in_(_several(asked.value))
    served = select(Follow.customer_id).join(Guide).join(Store, Store.id == Guide.store_id)
    bought = select(Order.customer_id).join(Store, Store.id == Order.store_id)
    found = or_(
        _in(_friends(to, wanted, of=served)),
        _in(to.those(Order.customer_id, wanted, to.bought(asked), of=bought)),
    )
    return _if(asked, found)


def _group(column: InstrumentedAttribute[str | None]) -> Callable[[Compiler, Condition], Clause]:
    def compiled(to: Compiler, asked: Condition) -> Clause:
        query = select(GroupMember.customer_id).join(GroupChat)
        wanted = column.in_(_several(asked.value))
        inside = GroupMember.left_at.is_(None)
        return _if(asked, _in(to.those(GroupMember.customer_id, wanted, inside, of=query)))

    return compiled


def _coupon(to: Compiler, asked: Condition) -> Clause:
    query = select(Coupon.customer_id).join(Offer)
    wanted = Offer.key.in_(_several(asked.value))
    held = and_(Coupon.state == "held", Coupon.expires_at > to.now)
    return _if(asked, _in(to.those(Coupon.customer_id, wanted, held, of=query)))


def _consent(to: Compiler, asked: Condition) -> Clause:
    wanted = ConsentState.purpose.in_(_several(asked.value))
    return _if(
        asked, _in(to.those(ConsentState.customer_id, wanted, ConsentState.granted.is_(True)))
    )


def _reachable(to: Compiler, asked: Condition) -> Clause:
    open_now = and_(Window.closes_at > to.now, Window.left > 0)
    found = or_(_in(_friends(to)), _in(to.those(Window.customer_id, open_now)))
    return _flag(asked, found)


def _case(to: Compiler, asked: Condition) -> Clause:
    return _flag(asked, _in(to.those(Case.customer_id, Case.state != "closed")))


COMPILERS: Mapping[str, Callable[[Compiler, Condition], Clause]] = {
    "tier": _tier(CustomerTier.tier),
    "share_class": _tier(CustomerTier.share_class),
    "stage": _stage,
    "level": _level,
    "region": _region,
    "gender": _gender,
    "source_state": _source,
    "store": _store,
    "tag": _tag,
    "group.in": _group(GroupChat.rule_key),
    "group.kind": _group(GroupChat.kind),
    "coupon.held": _coupon,
    "consent": _consent,
    "orders.category": _category,
    "orders.count": _order_sum(func.count()),
    "orders.amount": _order_sum(func.sum(Order.amount_fen - Order.refunded_fen)),
    "orders.last_days": _order_age(func.max(Order.paid_at)),
    "first_order_days": _order_age(func.min(Order.paid_at)),
    "points": _points,
    "follows.any": _followed,
    "follows.guide": _guide,
    "follows.days": _friend_days,
    "days_since_active": _active,
    "reachable": _reachable,
    "case.open": _case,
    "birthday_month": _birthday,
}
