"""What customers have received and what is under way to them, counted across campaigns and journeys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import OutsideSend, Touch
from bot.domain.customers import Customer
from bot.domain.mapping import Moment
from bot.domain.quotas import Limits, Used

Among = Callable[[Any], ColumnElement[bool]]
"""Narrows a column of customer ids to the customers of one step."""

FLYING = ("queued", "handed_over")
"""Not known to have arrived yet, so it counts as if it arrives any moment."""
ARRIVED = ("delivered", "unknown")
"""An unknown outcome keeps its place: only a known non-delivery gives it back."""


async def used(
    session: AsyncSession,
    among: Among,
    *,
    at: datetime,
    limits: Limits,
    planning: int | None = None,
) -> Mapping[int, Used]:
    """`planning` is the campaign being planned (0 for none yet): then what others have planned counts too."""
    month, _ = limits.month_of(at)
    recent = at - timedelta(days=limits.brand.days)
    today, tomorrow = limits.day_of(at)
    moment = func.coalesce(Touch.sent_at, Touch.settled_at, Touch.due_at)
    arrived = case((Touch.state.in_(FLYING), literal(at, Moment)), else_=moment)
    planned = Touch.state == "planned"
    reserved = and_(planned, Touch.due_at < at + timedelta(days=limits.brand.days))
    counted = or_(
        Touch.state.in_(FLYING),
        and_(Touch.state.in_(ARRIVED), moment > min(recent, month)),
    )
    if planning is not None:
        others = or_(Touch.campaign_id.is_(None), Touch.campaign_id != planning)
        counted = or_(counted, and_(reserved, others))
        arrived = case((planned, literal(at, Moment)), else_=arrived)
    marketing = Touch.purpose == "marketing"
    soon = and_(
        Touch.state.in_(("planned", *FLYING)), Touch.due_at >= today, Touch.due_at < tomorrow
    )
    person = func.coalesce(Customer.merged_into, Customer.id)
    folded = select(Customer.id).where(among(Customer.merged_into))
    rows = await session.execute(
        select(
            person,
            _count(marketing & (arrived > recent)),
            _count(marketing & (arrived >= month)),
            _count((Touch.channel == "wecom") & (arrived >= month)),
            _count(marketing & soon) if planning is not None else literal(0),
        )
        .join(Customer, Customer.id == Touch.customer_id)
        .where(or_(among(Touch.customer_id), Touch.customer_id.in_(folded)), counted)
        .group_by(person)
    )
    found = {row[0]: Used(*(int(n) for n in row[1:])) for row in rows}
    return await _with_outside(session, among, month, found)


async def _with_outside(
    session: AsyncSession, among: Among, month: datetime, found: dict[int, Used]
) -> dict[int, Used]:
    """Guides' own mass messages share the platform's quota with ours."""
    person = func.coalesce(Customer.merged_into, Customer.id)
    folded = select(Customer.id).where(among(Customer.merged_into))
    hers = or_(among(OutsideSend.customer_id), OutsideSend.customer_id.in_(folded))
    rows = await session.execute(
        select(person, func.count())
        .select_from(OutsideSend)
        .join(Customer, Customer.id == OutsideSend.customer_id)
        .where(hers, OutsideSend.at >= month)
        .group_by(person)
    )
    for customer_id, count in rows:
        had = found.get(customer_id, Used())
        found[customer_id] = Used(
            had.in_days, had.in_month, had.mass_in_month + count, had.same_day
        )
    return found


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
