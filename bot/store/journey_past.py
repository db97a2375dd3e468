"""When the triggers of journeys happened, over a time gone by: to whom, as far as it was written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.cases import Case
from bot.domain.consent import MARKETING, ConsentState
from bot.domain.customers import Customer, Follow
from bot.domain.journeys import Run
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Order
from bot.domain.playbooks import PlaybookSpec
from bot.domain.quotas import Limits
from bot.domain.refusals import Refusal
from bot.domain.segments import parse
from bot.domain.tags import CustomerTag as Worn
from bot.domain.tags import Tag, TagGroup, parts
from bot.domain.tiers import TierMove
from bot.store import segments
from bot.tongue import _

Past = Select[*tuple[Any, ...]]
Cause = tuple[int, datetime]
RUNS_OUT = timedelta(days=3)


def _bought(_what: str) -> Past:
    paid = (Order.customer_id.is_not(None), Order.paid_at.is_not(None), Order.amount_fen > 0)
    return select(Order.customer_id.label("who"), Order.paid_at.label("at")).where(*paid)


def _first(_what: str) -> Past:
    orders = _bought("").subquery()
    first = func.min(orders.c.at).label("at")
    return select(orders.c.who, first).group_by(orders.c.who)


def _moved(tier: str) -> Past:
    query = select(TierMove.customer_id.label("who"), TierMove.at.label("at"))
    return query.where(TierMove.after == tier) if tier else query


def _tagged(tag: str) -> Past:
    query = select(Worn.customer_id.label("who"), Worn.at.label("at"))
    if not tag:
        return query
    group, name = parts(tag)
    query = query.join(Tag, Tag.id == Worn.tag_id).join(TagGroup, TagGroup.id == Tag.group_id)
    return query.where(TagGroup.name == group, Tag.name == name)


def _closed(_what: str) -> Past:
    query = select(Case.customer_id.label("who"), Case.closed_at.label("at"))
    return query.where(Case.closed_at.is_not(None))


def _held(_what: str) -> Past:
    query = select(Coupon.customer_id.label("who"), Coupon.expires_at.label("at"))
    return query.where(Coupon.redeemed_at.is_(None))


def _befriended(_what: str) -> Past:
    return select(Follow.customer_id.label("who"), Follow.since.label("at"))


PAST: dict[str, Callable[[str], Past]] = {
    "friend_added": _befriended,
    "order_paid": _bought,
    "first_order": _first,
    "tier_changed": _moved,
    "tag_added": _tagged,
    "case_closed": _closed,
    "coupon_expiring": _held,
}


async def counted(
    session: AsyncSession, spec: PlaybookSpec, since: datetime, until: datetime
) -> tuple[int, int]:
    """How often it happened, and to how many."""
    if spec.trigger == "birthday_month":
        born = select(Customer.birthday_month, func.count()).where(*_taken(spec, until))
        rows = await session.execute(born.group_by(Customer.birthday_month))
        by_month = {month: number for month, number in rows if month}
        times = [by_month.get(month.month, 0) for month in _months(since, until)]
        return sum(times), sum(by_month.values())
    found = _within(spec, since, until).subquery()
    count = select(func.count(), func.count(found.c.who.distinct()))
    causes, people = (await session.execute(count)).one()
    return causes, people


async def causes(
    session: AsyncSession,
    spec: PlaybookSpec,
    since: datetime,
    until: datetime,
    *,
    every: int,
) -> list[Cause]:
    """The same one by one, of every so manieth customer."""
    if spec.trigger == "birthday_month":
        return await _birthdays(session, spec, since, until, every=every)
    query = _within(spec, since, until, Customer.id % every == 0)
    rows = (await session.execute(query)).all()
    ahead = RUNS_OUT if spec.trigger == "coupon_expiring" else timedelta()
    return [(who, at - ahead) for who, at in rows]


def _within(
    spec: PlaybookSpec, since: datetime, until: datetime, *more: ColumnElement[bool]
) -> Past:
    kind, _colon, what = (spec.trigger or "").partition(":")
    if kind not in PAST:
        why = _("「%(name)s」由什么触发没有记下来，试不了", name=spec.name)
        raise Refusal("no_past", why, status=422)
    happened = PAST[kind](what).subquery()
    person = func.coalesce(Customer.merged_into, Customer.id)
    standing = select(Customer.id).where(*_taken(spec, until), *more)
    return (
        select(person.label("who"), happened.c.at.label("at"))
        .join(Customer, Customer.id == happened.c.who)
        .where(happened.c.at >= since, happened.c.at < until, person.in_(standing))
    )


def _taken(spec: PlaybookSpec, at: datetime) -> list[ColumnElement[bool]]:
    """Whom the entry rule takes, as they are now."""
    rule = spec.entry.segment if isinstance(spec.entry.segment, dict) else {"all": []}
    return [Customer.merged_into.is_(None), segments.clause(parse(rule), at)]


def _months(since: datetime, until: datetime) -> list[datetime]:
    """The firsts of the months in this time."""
    first = since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    while first < until:
        if first >= since:
            found.append(first)
        first = (first + timedelta(days=32)).replace(day=1)
    return found


async def _birthdays(
    session: AsyncSession, spec: PlaybookSpec, since: datetime, until: datetime, *, every: int
) -> list[Cause]:
    born = select(Customer.id, Customer.birthday_month).where(
        *_taken(spec, until), Customer.id % every == 0, Customer.birthday_month.is_not(None)
    )
    rows = (await session.execute(born)).all()
    return [(who, at) for at in _months(since, until) for who, month in rows if month == at.month]


async def agreed(session: AsyncSession, every: int) -> set[int]:
    """Who lets us advertise, on any channel."""
    query = select(ConsentState.customer_id).where(
        ConsentState.purpose.in_(MARKETING),
        ConsentState.granted,
        ConsentState.customer_id % every == 0,
    )
    return set(await session.scalars(query.distinct()))


async def received(
    session: AsyncSession,
    spec: PlaybookSpec,
    since: datetime,
    until: datetime,
    *,
    every: int,
    limits: Limits,
) -> dict[int, list[datetime]]:
    """What marketing really reached them then, but for this journey's own."""
    own = select(Run.id).where(Run.playbook == spec.key)
    query = select(Touch.customer_id, Touch.sent_at).where(
        Touch.purpose == "marketing",
        Touch.sent_at >= since - timedelta(days=max(31, limits.brand.days)),
        Touch.sent_at < until,
        Touch.customer_id % every == 0,
        Touch.run_id.is_(None) | Touch.run_id.not_in(own),
    )
    found: dict[int, list[datetime]] = {}
    for who, at in await session.execute(query):
        if at is not None:
            found.setdefault(who, []).append(at)
    return found


async def worth(session: AsyncSession, keys: set[str]) -> dict[str, tuple[int, float]]:
    """What one coupon of each offer costs at worst, and how often one was used."""
    used = func.count(Coupon.redeemed_at)
    query = (
        select(Offer.key, Offer.piece_fen, func.count(Coupon.id), used)
        .outerjoin(Coupon, Coupon.offer_id == Offer.id)
        .where(Offer.key.in_(keys))
        .group_by(Offer.key, Offer.piece_fen)
    )
    rows = await session.execute(query)
    return {key: (fen, taken / given if given else 0.0) for key, fen, given, taken in rows}
