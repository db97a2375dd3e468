"""One customer as her guide sees her: numbers, what happened of late, and her phone when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.cases import Case
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.customers import Follow, Secret
from bot.domain.offers import Coupon, Offer, Redemption
from bot.domain.orders import Order, OrderLine
from bot.store.customers.people import PHONE
from bot.store.vault import Vault
from bot.tongue import _

YEAR = timedelta(days=365)
LATEST = 8
"""Of each kind of moment."""


@dataclass(frozen=True, slots=True)
class Numbers:
    spent_fen: int
    """Within 12 months, net of what was given back."""
    orders: int
    days_since: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    kind: str
    """order, coupon, opened, told, case or friend."""
    words: str
    fen: int | None = None


async def numbers(session: AsyncSession, customer_id: int, now: datetime) -> Numbers:
    spent = func.sum(Order.amount_fen - Order.refunded_fen)
    bought = (
        Order.customer_id == customer_id,
        Order.paid_at <= now,
        Order.amount_fen > Order.refunded_fen,
    )
    year = select(spent).where(*bought, Order.paid_at > now - YEAR)
    ever = select(func.count(), func.max(Order.paid_at)).where(*bought)
    count, last = (await session.execute(ever)).one()
    fen = await session.scalar(year)
    return Numbers(int(fen or 0), count, None if last is None else (now - last).days)


async def moments(session: AsyncSession, customer_id: int, guide_id: int) -> list[Moment]:
    """The latest first."""
    found = [
        moment
        for source in (_orders, _coupons, _touches, _cases)
        for moment in await source(session, customer_id)
    ]
    tie = select(Follow.since).where(
        Follow.customer_id == customer_id, Follow.guide_id == guide_id
    )
    since = await session.scalar(tie)
    if since is not None:
        found.append(Moment(since, "friend", _("加了好友")))
    return sorted(found, key=lambda moment: moment.at, reverse=True)[: 2 * LATEST]


async def phone_of(session: AsyncSession, vault: Vault, customer_id: int) -> str:
    """In clear; empty when she never gave one."""
    sealed = await session.scalar(select(Secret.phone).where(Secret.customer_id == customer_id))
    if sealed is None:
        return ""
    return await vault.unseal_for(session, customer_id, sealed, about=PHONE)


async def _orders(session: AsyncSession, customer_id: int) -> list[Moment]:
    query = select(Order).where(Order.customer_id == customer_id, Order.paid_at.is_not(None))
    orders = (await session.scalars(query.order_by(Order.paid_at.desc()).limit(LATEST))).all()
    lines = await session.execute(
        select(OrderLine.order_id, OrderLine.name)
        .where(OrderLine.order_id.in_([order.id for order in orders]))
        .order_by(OrderLine.amount_fen, OrderLine.id)
    )
    dearest: dict[int, str] = {}
    pieces: dict[int, int] = {}
    for order_id, name in lines:
        dearest[order_id] = name
        pieces[order_id] = pieces.get(order_id, 0) + 1
    return [
        Moment(
            order.paid_at,
            "order",
            _bought(dearest.get(order.id, ""), pieces.get(order.id, 0), order),
            order.amount_fen - order.refunded_fen,
        )
        for order in orders
        if order.paid_at is not None
    ]


def _bought(name: str, pieces: int, order: Order) -> str:
    what = f"{name or '一单'}{f' 等 {pieces} 样' if pieces > 1 else ''}"
    back = order.refunded_fen >= order.amount_fen > 0
    return _("退了%(what)s", what=what) if back else _("买了%(what)s", what=what)


async def _coupons(session: AsyncSession, customer_id: int) -> list[Moment]:
    query = (
        select(Redemption.at, Offer.name)
        .join(Coupon, Coupon.id == Redemption.coupon_id)
        .join(Offer, Offer.id == Coupon.offer_id)
        .where(Coupon.customer_id == customer_id, Redemption.live.is_not(None))
        .order_by(Redemption.at.desc())
        .limit(LATEST)
    )
    rows = await session.execute(query)
    return [Moment(at, "coupon", _("用掉了「%(name)s」", name=name)) for at, name in rows]


async def _touches(session: AsyncSession, customer_id: int) -> list[Moment]:
    query = (
        select(Touch.sent_at, Touch.opened_at)
        .where(Touch.customer_id == customer_id, Touch.sent_at.is_not(None))
        .order_by(Touch.sent_at.desc())
        .limit(LATEST)
    )
    found = []
    for sent, opened in await session.execute(query):
        if sent is not None:
            found.append(Moment(sent, "told", _("收到一条活动消息")))
        if opened is not None:
            found.append(Moment(opened, "opened", _("点开了消息里的链接")))
    return found


async def _cases(session: AsyncSession, customer_id: int) -> list[Moment]:
    query = (
        select(Case)
        .where(Case.customer_id == customer_id)
        .order_by(Case.opened_at.desc())
        .limit(LATEST)
    )
    found = []
    for case in await session.scalars(query):
        found.append(
            Moment(
                case.opened_at,
                "case",
                _("反馈：%(what)s", what=_(CATEGORIES.get(case.category, case.category))),
            )
        )
        if case.closed_at is not None:
            found.append(Moment(case.closed_at, "case", _("反馈处理完了")))
    return found
