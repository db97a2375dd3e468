"""Guides by what they were asked: who keeps up, who skips and why, and who needs help."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import MassTask
from bot.domain.customers import Guide, Store
from bot.domain.delivery import GuideTask
from bot.store.insights.span import Span


@dataclass(slots=True, kw_only=True)
class Row:
    guide: Guide
    store: str
    states: Counter[str] = field(default_factory=Counter)
    """Her tasks of the span: open, done, skipped."""
    late: int = 0
    """Open and past their time."""
    skips: Counter[str] = field(default_factory=Counter)
    response: timedelta | None = None
    """From being asked to being done, in the middle."""
    waiting: int = 0
    """Mass tasks that wait for her tap now, and the people in them."""
    people: int = 0
    reminders_left: int = 0
    """How often the one with the most left may still be reminded of today."""

    @property
    def asked(self) -> int:
        return sum(self.states.values())


async def board(
    session: AsyncSession, span: Span, now: datetime, *, store: str | None, reminders: int
) -> list[Row]:
    """Who has most waiting stands first."""
    query = select(Guide, Store.name).outerjoin(Store, Store.id == Guide.store_id)
    query = query.where(Guide.active)
    if store is not None:
        query = query.where(Store.code == store)
    rows = {
        guide.id: Row(guide=guide, store=name or "")
        for guide, name in await session.execute(query)
    }
    await _tasks(session, rows, span, now)
    await _responses(session, rows, span)
    await _waiting(session, rows, reminders)
    return sorted(
        rows.values(),
        key=lambda row: (-row.people, -row.late, -row.states["open"], row.guide.name),
    )


async def _tasks(session: AsyncSession, rows: dict[int, Row], span: Span, now: datetime) -> None:
    found = await session.execute(
        select(
            GuideTask.guide_id,
            GuideTask.state,
            GuideTask.outcome,
            func.count(),
            func.count().filter(GuideTask.due_at < now),
        )
        .where(span.holds(GuideTask.created_at), GuideTask.state != "withdrawn")
        .group_by(GuideTask.guide_id, GuideTask.state, GuideTask.outcome)
    )
    for guide_id, state, outcome, count, late in found:
        if (row := rows.get(guide_id)) is None:
            continue
        row.states[state] += count
        row.late += late if state == "open" else 0
        if state == "skipped":
            row.skips[outcome or ""] += count


async def _responses(session: AsyncSession, rows: dict[int, Row], span: Span) -> None:
    """No database of ours has a median in common: two columns of a month are little enough."""
    found = await session.execute(
        select(GuideTask.guide_id, GuideTask.created_at, GuideTask.done_at).where(
            span.holds(GuideTask.created_at),
            GuideTask.state == "done",
            GuideTask.done_at > GuideTask.created_at,
        )
    )
    took: defaultdict[int, list[float]] = defaultdict(list)
    for guide_id, asked_at, done_at in found:
        if done_at is not None:
            took[guide_id].append((done_at - asked_at).total_seconds())
    for guide_id, seconds in took.items():
        if guide_id in rows:
            rows[guide_id].response = timedelta(seconds=median(seconds))


async def _waiting(session: AsyncSession, rows: dict[int, Row], reminders: int) -> None:
    found = await session.execute(
        select(
            MassTask.guide_id,
            func.count(),
            func.sum(MassTask.customers),
            func.min(MassTask.reminders),
        )
        .where(MassTask.state == "waiting", MassTask.group_chat_id.is_(None))
        .group_by(MassTask.guide_id)
    )
    for guide_id, tasks, people, least in found:
        if (row := rows.get(guide_id)) is not None:
            row.waiting, row.people = tasks, int(people)
            row.reminders_left = max(reminders - int(least), 0)
