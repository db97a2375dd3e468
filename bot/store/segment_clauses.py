"""A rule as SQL over customers. Every clause is plainly true or false, never NULL, so that `not` means not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, false, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.cases import Case
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Follow, Guide, Identity, Store
from bot.domain.delivery import Window
from bot.domain.group_chats import GroupChat, GroupMember
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Order
from bot.domain.points import PointsAccount
from bot.domain.segments import Condition, Negation, Rule
from bot.domain.tags import CustomerTag, Tag, TagGroup
from bot.domain.tiers import CustomerTier
from bot.store.segment_asking import Asking, Clause, flag, in_, several, turned
from bot.store.segment_comparing import age, compare
from bot.store.segment_deeds import DEEDS

FIRST_LEVEL = PointsAccount.__table__.c.level.default.arg


@dataclass(frozen=True, slots=True)
class Compiler(Asking):
    def clause(self, rule: Rule) -> Clause:
        if isinstance(rule, Condition):
            return COMPILERS[rule.field](self, rule)
        if isinstance(rule, Negation):
            return not_(self.clause(rule.part))
        parts = [self.clause(part) for part in rule.parts]
        return and_(true(), *parts) if rule.word == "all" else or_(false(), *parts)


def _tier(column: InstrumentedAttribute[str]) -> Callable[[Compiler, Condition], Clause]:
    def compiled(to: Compiler, asked: Condition) -> Clause:
        wanted = column.in_(several(asked.value))
        return turned(asked, in_(to.those(CustomerTier.customer_id, wanted)))

    return compiled


def _tag(to: Compiler, asked: Condition) -> Clause:
    # Asked for by number, once: by name the number of those who wear it cannot be foreseen.
    numbers = [_numbered(*value.split("/", 1)) for value in several(asked.value)]
    one = (
        CustomerTag.tag_id == numbers[0] if len(numbers) == 1 else CustomerTag.tag_id.in_(numbers)
    )
    alive = or_(CustomerTag.expires_at.is_(None), CustomerTag.expires_at > to.now)
    return turned(asked, in_(to.those(CustomerTag.customer_id, one, alive)))


def _numbered(group: str, name: str) -> ScalarSelect[int]:
    wanted = select(Tag.id).join(TagGroup).where(TagGroup.name == group, Tag.name == name)
    return wanted.scalar_subquery()


def _stage(_to: Compiler, asked: Condition) -> Clause:
    return turned(asked, Customer.stage.in_(several(asked.value)))


def _gender(_to: Compiler, asked: Condition) -> Clause:
    return turned(asked, Customer.gender.in_([int(value) for value in several(asked.value)]))


def _region(_to: Compiler, asked: Condition) -> Clause:
    region = func.coalesce(Customer.region, "")
    if asked.op == "contains":
        # LIKE ignores case on one database and not on the other.
        return func.replace(region, asked.value, "") != region
    return turned(asked, region.in_(several(asked.value)))


def _birthday(to: Compiler, asked: Condition) -> Clause:
    months = [to.birthday(value) for value in several(asked.value)]
    return turned(asked, func.coalesce(Customer.birthday_month, 0).in_(months))


def _active(to: Compiler, asked: Condition) -> Clause:
    fits = age(to.now, Customer.last_active_at.expression, asked.op, asked.value)
    return and_(Customer.last_active_at.is_not(None), fits)


def _level(to: Compiler, asked: Condition) -> Clause:
    wanted = several(asked.value)
    found = in_(to.those(PointsAccount.customer_id, PointsAccount.level.in_(wanted)))
    if FIRST_LEVEL in wanted:
        found = or_(found, not_(in_(to.those(PointsAccount.customer_id))))
    return turned(asked, found)


def _points(to: Compiler, asked: Condition) -> Clause:
    fits = compare(asked.op, PointsAccount.balance, asked.value)
    found = in_(to.those(PointsAccount.customer_id, fits))
    if not compare(asked.op, 0, asked.value):
        return found
    return or_(found, not_(in_(to.those(PointsAccount.customer_id))))


def _scored(column: InstrumentedAttribute[int]) -> Callable[[Compiler, Condition], Clause]:
    def compiled(to: Compiler, asked: Condition) -> Clause:
        fits = compare(asked.op, column, asked.value)
        return in_(to.those(CustomerTier.customer_id, fits))

    return compiled


def _influence(_to: Compiler, asked: Condition) -> Clause:
    fits: Clause = compare(asked.op, Customer.influence.expression, asked.value)
    return fits


def _identity(to: Compiler, asked: Condition) -> Clause:
    return turned(
        asked, in_(to.those(Identity.customer_id, Identity.kind.in_(several(asked.value))))
    )


def _friends(to: Compiler, *where: Clause, of: Select[Any] | None = None) -> Select[Any]:
    return to.those(Follow.customer_id, Follow.ended_at.is_(None), *where, of=of)


def _followed(to: Compiler, asked: Condition) -> Clause:
    return flag(asked, in_(_friends(to)))


def _guide(to: Compiler, asked: Condition) -> Clause:
    query = select(Follow.customer_id).join(Guide)
    wanted = Guide.userid.in_(several(asked.value))
    return turned(asked, in_(_friends(to, wanted, of=query)))


def _friend_days(to: Compiler, asked: Condition) -> Clause:
    fits = age(to.now, func.min(Follow.since), asked.op, asked.value)
    return in_(_friends(to).group_by(Follow.customer_id).having(fits))


def _source(to: Compiler, asked: Condition) -> Clause:
    wanted = Follow.state.in_(several(asked.value))
    return turned(asked, in_(to.those(Follow.customer_id, wanted)))


def _store(to: Compiler, asked: Condition) -> Clause:
    wanted = Store.code.in_(several(asked.value))
    served = select(Follow.customer_id).join(Guide).join(Store, Store.id == Guide.store_id)
    bought = select(Order.customer_id).join(Store, Store.id == Order.store_id)
    found = or_(
        in_(_friends(to, wanted, of=served)),
        in_(to.those(Order.customer_id, wanted, to.bought(asked), of=bought)),
    )
    return turned(asked, found)


def _group(column: InstrumentedAttribute[str | None]) -> Callable[[Compiler, Condition], Clause]:
    def compiled(to: Compiler, asked: Condition) -> Clause:
        query = select(GroupMember.customer_id).join(GroupChat)
        wanted = column.in_(several(asked.value))
        inside = GroupMember.left_at.is_(None)
        return turned(asked, in_(to.those(GroupMember.customer_id, wanted, inside, of=query)))

    return compiled


def _coupon(to: Compiler, asked: Condition) -> Clause:
    query = select(Coupon.customer_id).join(Offer)
    wanted = Offer.key.in_(several(asked.value))
    held = and_(Coupon.state == "held", Coupon.expires_at > to.now)
    return turned(asked, in_(to.those(Coupon.customer_id, wanted, held, of=query)))


def _consent(to: Compiler, asked: Condition) -> Clause:
    wanted = ConsentState.purpose.in_(several(asked.value))
    return turned(
        asked, in_(to.those(ConsentState.customer_id, wanted, ConsentState.granted.is_(True)))
    )


def _reachable(to: Compiler, asked: Condition) -> Clause:
    open_now = and_(Window.closes_at > to.now, Window.left > 0)
    found = or_(in_(_friends(to)), in_(to.those(Window.customer_id, open_now)))
    return flag(asked, found)


def _case(to: Compiler, asked: Condition) -> Clause:
    return flag(asked, in_(to.those(Case.customer_id, Case.state != "closed")))


COMPILERS: Mapping[str, Callable[[Compiler, Condition], Clause]] = {
    **DEEDS,
    "tier": _tier(CustomerTier.tier),
    "share_class": _tier(CustomerTier.share_class),
    "star": _scored(CustomerTier.star),
    "recency": _scored(CustomerTier.recency),
    "frequency": _scored(CustomerTier.frequency),
    "monetary": _scored(CustomerTier.monetary),
    "influence": _influence,
    "identity": _identity,
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
    "points": _points,
    "follows.any": _followed,
    "follows.guide": _guide,
    "follows.days": _friend_days,
    "days_since_active": _active,
    "reachable": _reachable,
    "case.open": _case,
    "birthday_month": _birthday,
}
