"""What programs read: rows by number, the newest first, each page where the last one ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign
from bot.domain.cases import Case
from bot.domain.customers import Customer, Guide, Secret, Store
from bot.domain.delivery import GuideTask
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Order, OrderLine
from bot.domain.points import PointsEntry, PointsRequest
from bot.domain.tiers import CustomerTier, PurchaseStats

Rows = Sequence[Any]
Where = ColumnElement[bool]


async def _older(
    session: AsyncSession, query: Any, key: Any, below: int | None, limit: int
) -> Rows:
    if below is not None:
        query = query.where(key < below)
    found: Rows = (await session.execute(query.order_by(key.desc()).limit(limit))).all()
    return found


async def customers(session: AsyncSession, among: Where, below: int | None, limit: int) -> Rows:
    query = (
        select(Customer, CustomerTier, PurchaseStats, Secret)
        .outerjoin(CustomerTier, CustomerTier.customer_id == Customer.id)
        .outerjoin(PurchaseStats, PurchaseStats.customer_id == Customer.id)
        .outerjoin(Secret, Secret.customer_id == Customer.id)
        .where(among)
    )
    return await _older(session, query, Customer.id, below, limit)


async def orders(
    session: AsyncSession, among: Sequence[Where], below: int | None, limit: int
) -> Rows:
    """Each with its buyer's ref, its store and its guide."""
    query = (
        select(Order, Customer.ref, Store.code, Guide.userid)
        .outerjoin(Customer, Customer.id == Order.customer_id)
        .outerjoin(Store, Store.id == Order.store_id)
        .outerjoin(Guide, Guide.id == Order.guide_id)
        .where(*among)
    )
    return await _older(session, query, Order.id, below, limit)


async def lines(session: AsyncSession, order_ids: Sequence[int]) -> dict[int, list[OrderLine]]:
    rows = await session.scalars(
        select(OrderLine).where(OrderLine.order_id.in_(order_ids)).order_by(OrderLine.id)
    )
    found: dict[int, list[OrderLine]] = {}
    for line in rows:
        found.setdefault(line.order_id, []).append(line)
    return found


async def coupons(
    session: AsyncSession, among: Sequence[Where], below: int | None, limit: int
) -> Rows:
    query = (
        select(Coupon, Offer, Customer.ref)
        .join(Offer, Offer.id == Coupon.offer_id)
        .join(Customer, Customer.id == Coupon.customer_id)
        .where(*among)
    )
    return await _older(session, query, Coupon.id, below, limit)


async def offers(session: AsyncSession) -> Sequence[Offer]:
    return (await session.scalars(select(Offer).order_by(Offer.key))).all()


async def campaigns(
    session: AsyncSession, state: str | None, below: int | None, limit: int
) -> Rows:
    query = select(Campaign).where(Campaign.pushed_by.is_(None))
    if state is not None:
        query = query.where(Campaign.state == state)
    return [row[0] for row in await _older(session, query, Campaign.id, below, limit)]


async def cases(
    session: AsyncSession, among: Sequence[Where], below: int | None, limit: int
) -> Rows:
    query = (
        select(Case, Customer.ref, Guide.userid, Store.code)
        .join(Customer, Customer.id == Case.customer_id)
        .outerjoin(Guide, Guide.id == Case.assigned_to)
        .outerjoin(Store, Store.id == Guide.store_id)
        .where(*among)
    )
    return await _older(session, query, Case.id, below, limit)


async def tasks(
    session: AsyncSession, among: Sequence[Where], below: int | None, limit: int
) -> Rows:
    query = (
        select(GuideTask, Guide.userid, Store.code, Customer.ref)
        .join(Guide, Guide.id == GuideTask.guide_id)
        .outerjoin(Store, Store.id == Guide.store_id)
        .outerjoin(Customer, Customer.id == GuideTask.customer_id)
        .where(*among)
    )
    return await _older(session, query, GuideTask.id, below, limit)


async def points(session: AsyncSession, customer_id: int, below: int | None, limit: int) -> Rows:
    query = select(PointsEntry).where(PointsEntry.customer_id == customer_id)
    return [row[0] for row in await _older(session, query, PointsEntry.id, below, limit)]


async def point_requests(session: AsyncSession, below: int | None, limit: int) -> Rows:
    query = (
        select(PointsRequest, Customer.ref)
        .join(Customer, Customer.id == PointsRequest.customer_id)
        .where(PointsRequest.state == "open")
    )
    return await _older(session, query, PointsRequest.id, below, limit)


async def tiers(session: AsyncSession, among: Where) -> dict[str, int]:
    """Customers by tier."""
    query = (
        select(CustomerTier.tier, func.count())
        .join(Customer, Customer.id == CustomerTier.customer_id)
        .where(among)
        .group_by(CustomerTier.tier)
    )
    return dict((await session.execute(query)).all())


async def guides(session: AsyncSession, store: str | None) -> Rows:
    query = select(Guide, Store.code).outerjoin(Store, Store.id == Guide.store_id)
    if store is not None:
        query = query.where(Store.code == store)
    return (await session.execute(query.order_by(Guide.userid))).all()


async def stores(session: AsyncSession, store: str | None) -> Sequence[Store]:
    query = select(Store).order_by(Store.code)
    return (
        await session.scalars(query if store is None else query.where(Store.code == store))
    ).all()


# What a list may be narrowed to; the web has no business with columns.


def of_store(store: str) -> Where:
    return Store.code == store


def order_of(customer_ids: Sequence[int]) -> Where:
    return Order.customer_id.in_(customer_ids)


def order_numbered(order_no: str) -> Where:
    return Order.order_no == order_no


def coupon_of(customer_ids: Sequence[int]) -> Where:
    return Coupon.customer_id.in_(customer_ids)


def coupon_held_among(among: Where) -> Where:
    return Coupon.customer_id.in_(select(Customer.id).where(among))


def coupon_in(state: str | None, offer: str | None) -> list[Where]:
    found: list[Where] = [Coupon.state == state] if state is not None else []
    return found + ([Offer.key == offer] if offer is not None else [])


def case_in(state: str | None) -> list[Where]:
    return [] if state is None else [Case.state == state]


def task_in(state: str, guide: str | None) -> list[Where]:
    return [GuideTask.state == state] + ([] if guide is None else [Guide.userid == guide])


def task_is(task_id: int) -> Where:
    return GuideTask.id == task_id
