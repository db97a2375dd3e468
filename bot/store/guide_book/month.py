"""A guide's month: what she sold and did, and how often she looked at phones today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.audit import AuditRow
from bot.domain.campaigns import Attribution, Campaign, MassTask, Touch
from bot.domain.customers import Follow, Guide
from bot.domain.delivery import GuideTask
from bot.domain.journeys import Playbook, Run
from bot.domain.orders import Order

UNMASKED = "unmask_phone"
"""The audit row of a look at a phone in clear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    sold_fen: int
    orders: int
    place: int | None
    """Among the guides of her store by sales; None as long as nobody sold anything."""
    colleagues: int
    friends: int
    tasks_done: int
    tasks_skipped: int
    confirmed: int
    delivered: int
    opened: int


async def month_of(session: AsyncSession, guide: Guide, since: datetime, now: datetime) -> Month:
    sales = await _sales(session, guide, since, now)
    mine = sales.get(guide.id, (0, 0))
    return Month(
        sold_fen=mine[0],
        orders=mine[1],
        place=1 + sum(fen > mine[0] for fen, _ in sales.values()) if mine[0] else None,
        colleagues=await _count(session, Guide.id, _colleagues(guide)),
        friends=await _count(session, Follow.id, _of(Follow, guide), Follow.since >= since),
        tasks_done=await _tasks(session, guide, "done", since),
        tasks_skipped=await _tasks(session, guide, "skipped", since),
        confirmed=await _count(
            session, MassTask.id, _of(MassTask, guide), MassTask.confirmed_at >= since
        ),
        delivered=await _count(session, Touch.id, _of(Touch, guide), Touch.sent_at >= since),
        opened=await _count(session, Touch.id, _of(Touch, guide), Touch.opened_at >= since),
    )


@dataclass(frozen=True, slots=True)
class Worked:
    """One campaign or journey of her month."""

    name: str
    delivered: int
    opened: int
    bought: int
    """Customers with an order that is owed to it."""


async def what_worked(
    session: AsyncSession, guide: Guide, since: datetime, *, most: int = 5
) -> list[Worked]:
    """What she sent this month, whatever made most customers buy first."""
    name = func.coalesce(Campaign.name, Playbook.name)
    bought = func.count(case((Attribution.touch_id.is_not(None), Touch.customer_id)).distinct())
    delivered = func.count(Touch.id.distinct())
    query = (
        select(
            name,
            delivered,
            func.count(case((Touch.opened_at.is_not(None), Touch.id)).distinct()),
            bought,
        )
        .outerjoin(Campaign, Campaign.id == Touch.campaign_id)
        .outerjoin(Run, Run.id == Touch.run_id)
        .outerjoin(Playbook, and_(Playbook.key == Run.playbook, Playbook.version == Run.version))
        .outerjoin(Attribution, Attribution.touch_id == Touch.id)
        .where(Touch.guide_id == guide.id, Touch.sent_at >= since, name.is_not(None))
        .group_by(name)
        .order_by(bought.desc(), delivered.desc(), name)
        .limit(most)
    )
    return [Worked(*row) for row in await session.execute(query)]


async def sold_between(
    session: AsyncSession, guide: Guide, since: datetime, until: datetime
) -> int:
    """Fen, net of returns, of the orders in her name."""
    return (await _sales(session, guide, since, until)).get(guide.id, (0, 0))[0]


async def unmasked_today(session: AsyncSession, actor: str, since: datetime) -> int:
    """How many phones this person has looked at since then."""
    return await _count(
        session,
        AuditRow.id,
        AuditRow.actor == actor,
        AuditRow.action == UNMASKED,
        AuditRow.at >= since,
    )


async def _sales(
    session: AsyncSession, guide: Guide, since: datetime, now: datetime
) -> dict[int, tuple[int, int]]:
    """By guide of her store: fen, net of returns, and orders."""
    query = (
        select(Guide.id, func.sum(Order.amount_fen - Order.refunded_fen), func.count(Order.id))
        .join(Order, Order.guide_id == Guide.id)
        .where(_colleagues(guide), Order.paid_at >= since, Order.paid_at <= now)
        .where(Order.amount_fen > Order.refunded_fen)
        .group_by(Guide.id)
    )
    return {i: (int(fen), count) for i, fen, count in await session.execute(query)}


def _colleagues(guide: Guide) -> ColumnElement[bool]:
    """She and whoever works in her store."""
    return (Guide.store_id == guide.store_id) if guide.store_id else (Guide.id == guide.id)


def _of(table: type[Follow | MassTask | Touch], guide: Guide) -> ColumnElement[bool]:
    return table.guide_id == guide.id


async def _tasks(session: AsyncSession, guide: Guide, state: str, since: datetime) -> int:
    return await _count(
        session,
        GuideTask.id,
        GuideTask.guide_id == guide.id,
        GuideTask.state == state,
        GuideTask.done_at >= since,
    )


async def _count(
    session: AsyncSession, column: InstrumentedAttribute[int], *where: ColumnElement[bool]
) -> int:
    return await session.scalar(select(func.count(column)).where(*where)) or 0
