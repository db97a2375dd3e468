"""A month of mailings day by day: campaigns, journeys, group chats, and who would be written to twice on a day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, distinct, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, MassTask, Touch
from bot.domain.customers import Customer
from bot.domain.journeys import Run
from bot.domain.segments import parse
from bot.store import segments
from bot.store.insights.people import LIVE
from bot.store.insights.span import Span
from bot.store.segments import WHOLE

SOURCE = func.coalesce(Touch.campaign_id, -Touch.run_id)
"""What a touch is of; a journey's numbers lie below nought."""


async def campaigns(session: AsyncSession, span: Span) -> Sequence[Campaign]:
    """Those that begin in the span; guides' own pushes are theirs."""
    query = select(Campaign).where(
        span.holds(Campaign.starts_at),
        Campaign.pushed_by.is_(None),
        Campaign.state.not_in(("stopped", "unfinished")),
    )
    return (await session.scalars(query.order_by(Campaign.starts_at, Campaign.id))).all()


async def journeys(session: AsyncSession, span: Span) -> dict[date, Counter[str]]:
    """People by day and playbook."""
    day = span.day_of(session, Touch.due_at)
    query = select(day.label("day"), Run.playbook, Touch.customer_id)
    query = query.join(Run, Run.id == Touch.run_id).where(
        span.holds(Touch.due_at), Touch.state.in_(LIVE)
    )
    found: defaultdict[date, Counter[str]] = defaultdict(Counter)
    each = query.subquery()
    people = func.count(distinct(each.c.customer_id))
    grouped = select(each.c.day, each.c.playbook, people).group_by(each.c.day, each.c.playbook)
    for number, key, count in await session.execute(grouped):
        found[span.days[int(number)]][key] += count
    return found


async def rooms(session: AsyncSession, span: Span) -> dict[date, int]:
    """Group chats that were written to, by day."""
    each = (
        select(span.day_of(session, MassTask.created_at).label("day"), MassTask.group_chat_id)
        .where(span.holds(MassTask.created_at), MassTask.group_chat_id.is_not(None))
        .subquery()
    )
    query = select(each.c.day, func.count(distinct(each.c.group_chat_id))).group_by(each.c.day)
    return {span.days[int(number)]: count for number, count in await session.execute(query)}


async def clashes(session: AsyncSession, span: Span) -> dict[date, int]:
    """People by day to whom two sources have, or had, something to say."""
    each = (
        select(
            span.day_of(session, Touch.due_at).label("day"),
            Touch.customer_id,
            SOURCE.label("source"),
        )
        .where(span.holds(Touch.due_at), Touch.state.in_(LIVE), Touch.purpose == "marketing")
        .subquery()
    )
    twice = (
        select(each.c.day, each.c.customer_id)
        .group_by(each.c.day, each.c.customer_id)
        .having(func.count(distinct(each.c.source)) > 1)
        .subquery()
    )
    query = select(twice.c.day, func.count()).group_by(twice.c.day)
    return {span.days[int(number)]: count for number, count in await session.execute(query)}


async def would_clash(
    session: AsyncSession, planned: Sequence[Campaign], day: Span, now: datetime
) -> int:
    """People whom two of these campaigns, or one and a message that is planned already, mean on one day.
    A campaign that is not planned yet means everybody of its segment."""
    waiting = [one for one in planned if one.planned_at is None]
    if not waiting or (len(planned) < 2 and not await _touched(session, day)):
        return 0
    means: list[ColumnElement[int]] = [
        case((segments.clause(parse(one.rule), now), 1), else_=0) for one in waiting
    ]
    means.append(case((exists(_hers(day)), 1), else_=0))
    total = means[0]
    for one in means[1:]:
        total = total + one
    query = select(func.count()).select_from(Customer).where(WHOLE, total > 1)
    return int(await session.scalar(query) or 0)


def _hers(day: Span) -> Select[Any]:
    return select(Touch.id).where(
        Touch.customer_id == Customer.id,
        Touch.state.in_(LIVE),
        Touch.purpose == "marketing",
        day.holds(Touch.due_at),
    )


async def _touched(session: AsyncSession, day: Span) -> bool:
    live = select(Touch.id).where(Touch.state.in_(LIVE), day.holds(Touch.due_at)).limit(1)
    return await session.scalar(live) is not None


def weeks(first: date) -> list[list[date]]:
    """The weeks, from Monday on, that a month touches."""
    start = first - timedelta(days=first.weekday())
    following = (first + timedelta(days=32)).replace(day=1)
    count = -(-(following - start).days // 7)
    return [[start + timedelta(days=7 * week + day) for day in range(7)] for week in range(count)]
