"""Customers as a list: who fits, whom one could reach and why not the rest, sorted, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import phones
from bot.domain.campaigns import Touch
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Follow, Guide, Identity, Secret, Store
from bot.domain.delivery import Window
from bot.domain.quotas import Limits
from bot.domain.segments import Rule
from bot.domain.tags import CustomerTag, Tag
from bot.domain.tiers import TIERS, CustomerTier, PurchaseStats
from bot.store import segments
from bot.store.customers.people import NAME
from bot.store.quotas import ARRIVED, FLYING
from bot.store.segments import WHOLE
from bot.store.tags.labels import alive
from bot.store.vault import Vault

PAGE = 20
USUAL = "-amount"
ORDERS: dict[str, tuple[Any, ColumnElement[Any]]] = {
    "amount": (PurchaseStats, PurchaseStats.amount_fen.expression),
    "orders": (PurchaseStats, PurchaseStats.orders.expression),
    "last": (PurchaseStats, PurchaseStats.last_at.expression),
    "tier": (CustomerTier, CustomerTier.rank.expression),
    "since": (Customer, Customer.created_at.expression),
    "active": (Customer, Customer.last_active_at.expression),
}
"""What the list may be sorted by: whose column, and the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which customers are listed."""

    rule: Rule
    text: str = ""
    """A reference, a platform id, a buyer id or a phone number; a tag, a guide or a store by name."""
    why: str | None = None
    """Only whom this reason keeps from marketing now; empty for whom none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    customer: Customer
    name: str
    tier: CustomerTier | None
    stats: PurchaseStats | None
    tags: tuple[str, ...]
    guide: str
    store: str
    why_not: str
    """Reason code why no marketing may go to her now; empty when it may."""


class Face(NamedTuple):
    """A typical customer of a tier, who can be met in the sandbox."""

    external_userid: str
    kind: str
    line: str


def fits(wanted: Wanted, vault: Vault, limits: Limits, now: datetime) -> ColumnElement[bool]:
    found = segments.clause(wanted.rule, now)
    if wanted.why is not None:
        found &= why_not(limits, now) == wanted.why
    if wanted.text:
        found &= named(wanted.text, vault, now)
    return found


def named(text: str, vault: Vault, now: datetime) -> ColumnElement[bool]:
    blind = vault.blind(phones.digits(text))
    ids = select(Identity.customer_id).where(
        or_(Identity.value == text, and_(Identity.kind == "phone", Identity.value == blind))
    )
    worn = select(CustomerTag.customer_id).join(Tag).where(Tag.name == text, alive(now))
    served = (
        select(Follow.customer_id)
        .join(Guide, Guide.id == Follow.guide_id)
        .outerjoin(Store, Store.id == Guide.store_id)
        .where(Follow.ended_at.is_(None), or_(Guide.name == text, Store.name == text))
    )
    return or_(Customer.ref == text, *(Customer.id.in_(those) for those in (ids, worn, served)))


def why_not(limits: Limits, now: datetime) -> ColumnElement[str]:
    """The first reason of the gate that stands against marketing to a customer now, as SQL; empty when none."""
    month, _ = limits.month_of(now)
    recent = now - timedelta(days=limits.brand.days)
    at = func.coalesce(Touch.sent_at, Touch.settled_at, Touch.due_at)
    had = and_(
        Touch.purpose == "marketing",
        or_(Touch.state.in_(FLYING), and_(Touch.state.in_(ARRIVED), at > min(recent, month))),
    )
    of_late = case((or_(Touch.state.in_(FLYING), at > recent), 1))
    this_month = case((or_(Touch.state.in_(FLYING), at >= month), 1))
    full = (
        select(Touch.customer_id)
        .where(Touch.customer_id == Customer.id, had)
        .group_by(Touch.customer_id)
        .having(
            or_(
                func.count(of_late) >= limits.brand.most_in_days,
                func.count(this_month) >= limits.brand.most_in_month,
            )
        )
    )
    return case(
        (_said(allowed=False), "opted_out"),
        (~_said(allowed=True), "no_consent"),
        (Customer.marketing_held, "case_open"),
        (~_reached(now), "no_channel"),
        (full.exists(), "brand_cap"),
        else_="",
    )


def _reached(now: datetime) -> ColumnElement[bool]:
    """As the rule language says it, but asked of each customer: PostgreSQL reads a long list anew for each of many."""
    friend = exists().where(Follow.customer_id == Customer.id, Follow.ended_at.is_(None))
    window = exists().where(
        Window.customer_id == Customer.id, Window.closes_at > now, Window.left > 0
    )
    return or_(friend, window)


def _said(*, allowed: bool) -> ColumnElement[bool]:
    return exists().where(
        ConsentState.customer_id == Customer.id,
        ConsentState.purpose == "marketing_wecom",
        ConsentState.granted.is_(allowed),
    )


async def reach(
    session: AsyncSession, clause: ColumnElement[bool], limits: Limits, now: datetime
) -> dict[str, int]:
    """Customers by the reason that keeps marketing from them; key "" counts those who can be reached."""
    reason = why_not(limits, now).label("reason")
    rows = await session.execute(
        select(reason, func.count()).select_from(Customer).where(clause).group_by(reason)
    )
    return dict(rows.all())


async def count(session: AsyncSession, clause: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Customer).where(clause)
    return (await session.scalar(query)) or 0


async def page(
    session: AsyncSession,
    vault: Vault,
    clause: ColumnElement[bool],
    limits: Limits,
    now: datetime,
    *,
    number: int = 1,
    size: int = PAGE,
    order: str = USUAL,
) -> list[Listed]:
    """Sorted by one of `ORDERS`, downwards when it begins with a minus."""
    ids = await _page_of_ids(session, clause, order, (number - 1) * size, size)
    return await listed(session, vault, ids, limits, now)


async def listed(
    session: AsyncSession, vault: Vault, ids: Sequence[int], limits: Limits, now: datetime
) -> list[Listed]:
    """These customers, in this order."""
    # What a row shows is asked of these few alone: nobody else's reasons are worked out and thrown away.
    query = (
        select(Customer, CustomerTier, PurchaseStats, Secret, why_not(limits, now))
        .outerjoin(CustomerTier, CustomerTier.customer_id == Customer.id)
        .outerjoin(PurchaseStats, PurchaseStats.customer_id == Customer.id)
        .outerjoin(Secret, Secret.customer_id == Customer.id)
        .where(Customer.id.in_(ids))
    )
    rows = sorted((await session.execute(query)).all(), key=lambda row: ids.index(row[0].id))
    labels, guides = await _tags(session, ids, now), await _guides(session, ids)
    return [
        Listed(
            customer=customer,
            name=opened_name(vault, secret),
            tier=tier,
            stats=stats,
            tags=tuple(labels.get(customer.id, ())),
            guide=guides.get(customer.id, ("", ""))[0],
            store=guides.get(customer.id, ("", ""))[1],
            why_not=reason,
        )
        for customer, tier, stats, secret, reason in rows
    ]


async def _page_of_ids(
    session: AsyncSession, clause: ColumnElement[bool], order: str, skip: int, size: int
) -> list[int]:
    of, column = ORDERS.get(order.lstrip("-"), ORDERS[USUAL.lstrip("-")])
    sorted_by = column.desc() if order.startswith("-") else column.asc()
    query = select(Customer.id).where(clause)
    if of is not Customer:
        query = query.outerjoin(of, of.customer_id == Customer.id)
    query = query.order_by(sorted_by.nulls_last(), Customer.id).offset(skip).limit(size)
    return list(await session.scalars(query))


def opened_name(vault: Vault, secret: Secret | None) -> str:
    """In clear: whoever shows it masks it."""
    if secret is None or secret.name is None:
        return ""
    vault.learn(secret.customer_id, secret.wrapped_key)
    return vault.unseal_known(secret.customer_id, secret.name, about=NAME)


async def names(
    session: AsyncSession, vault: Vault, customer_ids: Sequence[int]
) -> dict[int, str]:
    rows = await session.scalars(select(Secret).where(Secret.customer_id.in_(customer_ids)))
    return {secret.customer_id: opened_name(vault, secret) for secret in rows}


async def _tags(session: AsyncSession, ids: Sequence[int], now: datetime) -> dict[int, list[str]]:
    rows = await session.execute(
        select(CustomerTag.customer_id, Tag.name)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(CustomerTag.customer_id.in_(ids), alive(now))
        .group_by(CustomerTag.customer_id, Tag.id, Tag.name)
        .order_by(CustomerTag.customer_id, Tag.id)
    )
    found: dict[int, list[str]] = {}
    for customer_id, name in rows:
        found.setdefault(customer_id, []).append(name)
    return found


async def _guides(session: AsyncSession, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    rows = await session.execute(
        select(Follow.customer_id, Guide.name, Store.name)
        .join(Guide, Guide.id == Follow.guide_id)
        .outerjoin(Store, Store.id == Guide.store_id)
        .where(Follow.customer_id.in_(ids), Follow.ended_at.is_(None))
        .order_by(Follow.last_talk_at.nulls_first(), Follow.since)
    )
    return {customer_id: (guide, store or "") for customer_id, guide, store in rows}


async def faces(session: AsyncSession, now: datetime) -> list[Face]:
    """One customer of 核心, 潜力 and 沉睡 each, who has a guide and, where there is one, agreed to marketing."""
    found = []
    for tier in (TIERS[0], TIERS[1], TIERS[3]):
        query = (
            select(Follow.external_userid, PurchaseStats.last_at, PurchaseStats.orders)
            .join(CustomerTier, CustomerTier.customer_id == Follow.customer_id)
            .join(PurchaseStats, PurchaseStats.customer_id == Follow.customer_id)
            .join(Customer, Customer.id == Follow.customer_id)
            .where(CustomerTier.tier == tier, Follow.ended_at.is_(None), WHOLE)
            .order_by(~_said(allowed=True), CustomerTier.rank, Customer.id)
            .limit(1)
        )
        if row := (await session.execute(query)).first():
            days = (now - row.last_at).days
            when = "今天" if days < 1 else f"{days} 天前"
            found.append(Face(row.external_userid, tier, f"{when}来过，买过 {row.orders} 次"))
    return found


async def by_tier(session: AsyncSession) -> dict[str, int]:
    """How many customers stand in each tier."""
    rows = await session.execute(
        select(CustomerTier.tier, func.count())
        .join(Customer, Customer.id == CustomerTier.customer_id)
        .where(WHOLE)
        .group_by(CustomerTier.tier)
    )
    return dict(rows.all())
