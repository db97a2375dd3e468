"""A guide's customers: those who follow her now, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases import Case
from bot.domain.customers import Customer, Follow, Secret
from bot.domain.offers import Coupon
from bot.domain.points import PointsAccount
from bot.domain.tags import CustomerTag, Tag, TagGroup
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store.customers.people import NAME
from bot.store.vault import Vault
from bot.tongue import _

HERE = ZoneInfo("Asia/Shanghai")
AT_ONCE = 30
MOST_NAMES = 5000
"""Names are sealed: looking for one opens those of all her customers, at most so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: int
    ref: str
    name: str
    tier: str | None
    level: str | None
    since: datetime
    last_order: datetime | None
    held: bool
    external_userid: str


def _born_this_month(now: datetime) -> ColumnElement[bool]:
    return Customer.birthday_month == now.astimezone(HERE).month


def _long_away(now: datetime) -> ColumnElement[bool]:
    return PurchaseStats.last_at < now - timedelta(days=90)


def _holds_coupon(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        Coupon.customer_id == Customer.id, Coupon.state == "held", Coupon.expires_at > now
    )


def _has_case(_now: datetime) -> ColumnElement[bool]:
    return exists().where(Case.customer_id == Customer.id, Case.state != "closed")


def _is_new(now: datetime) -> ColumnElement[bool]:
    return Follow.since > now - timedelta(days=14)


FILTERS: dict[str, tuple[str, Callable[[datetime], ColumnElement[bool]]]] = {
    "case": ("有反馈", _has_case),
    "birthday": ("这个月生日", _born_this_month),
    "coupon": ("手上有券", _holds_coupon),
    "away": ("90 天没来", _long_away),
    "new": ("新朋友", _is_new),
    "core": ("核心", lambda _now: CustomerTier.tier == "核心"),
}


def _hers(guide_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Follow.guide_id == guide_id,
        Follow.ended_at.is_(None),
        Customer.merged_into.is_(None),
    )


async def customer_of(session: AsyncSession, guide_id: int, ref: str) -> Customer | None:
    """The customer with this ref, or whom WeCom calls so, if she is this guide's now."""
    query = select(Customer).join(Follow, Follow.customer_id == Customer.id)
    called = or_(Customer.ref == ref, Follow.external_userid == ref)
    return (await session.scalars(query.where(called, *_hers(guide_id)))).first()


async def page_of(
    session: AsyncSession,
    vault: Vault,
    guide_id: int,
    now: datetime,
    *,
    words: str = "",
    only: str = "",
    start: int = 0,
) -> tuple[Sequence[Person], int]:
    """One page of her customers, the most valuable first, and how many there are in all."""
    query = _people(guide_id)
    if only in FILTERS:
        query = query.where(FILTERS[only][1](now))
    if words:
        rows = (await session.execute(query.limit(MOST_NAMES))).all()
        known = await _named(session, vault, rows)
        found = [person for person in known if words in person.name]
        return found[start : start + AT_ONCE], len(found)
    count = select(func.count()).select_from(query.order_by(None).subquery())
    rows = (await session.execute(query.offset(start).limit(AT_ONCE))).all()
    return await _named(session, vault, rows), await session.scalar(count) or 0


def _people(guide_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Customer.id,
            Customer.ref,
            CustomerTier.tier,
            PointsAccount.level,
            Follow.since,
            PurchaseStats.last_at,
            Customer.marketing_held,
            Follow.external_userid,
        )
        .join(Follow, Follow.customer_id == Customer.id)
        .outerjoin(CustomerTier, CustomerTier.customer_id == Customer.id)
        .outerjoin(PurchaseStats, PurchaseStats.customer_id == Customer.id)
        .outerjoin(PointsAccount, PointsAccount.customer_id == Customer.id)
        .where(*_hers(guide_id))
        .order_by(func.coalesce(CustomerTier.rank, 2.0), Follow.since.desc(), Customer.id)
    )


async def _named(session: AsyncSession, vault: Vault, rows: Sequence[Any]) -> list[Person]:
    ids = [row.id for row in rows]
    await vault.load_keys(session, ids)
    sealed = select(Secret.customer_id, Secret.name).where(
        Secret.customer_id.in_(ids), Secret.name.is_not(None)
    )
    names = {
        i: vault.unseal_known(i, name, about=NAME)
        for i, name in await session.execute(sealed)
        if name is not None
    }
    return [
        Person(
            id=row.id,
            ref=row.ref,
            name=names.get(row.id) or _("还没有称呼"),
            tier=row.tier,
            level=row.level,
            since=row.since,
            last_order=row.last_at,
            held=row.marketing_held,
            external_userid=row.external_userid or "",
        )
        for row in rows
    ]


async def known(
    session: AsyncSession, vault: Vault, guide_id: int, ids: Sequence[int]
) -> dict[int, Person]:
    """Those of these customers who are hers."""
    rows = (await session.execute(_people(guide_id).where(Customer.id.in_(ids)))).all()
    return {person.id: person for person in await _named(session, vault, rows)}


async def tag_counts(
    session: AsyncSession, guide_id: int, now: datetime
) -> dict[str, list[tuple[str, int]]]:
    """The tags that her customers wear, by group, each with how many wear it."""
    count = func.count(CustomerTag.customer_id.distinct())
    query = (
        select(TagGroup.name, Tag.name, count)
        .join(Tag, Tag.group_id == TagGroup.id)
        .join(CustomerTag, CustomerTag.tag_id == Tag.id)
        .join(Follow, Follow.customer_id == CustomerTag.customer_id)
        .join(Customer, Customer.id == Follow.customer_id)
        .where(*_hers(guide_id))
        .where(or_(CustomerTag.expires_at.is_(None), CustomerTag.expires_at > now))
        .group_by(TagGroup.id, TagGroup.name, Tag.name)
        .order_by(TagGroup.id, count.desc(), Tag.name)
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for group, tag, number in await session.execute(query):
        found.setdefault(group, []).append((tag, number))
    return found
