"""A journey in figures: who came in, who stands at which step, what became of its messages, and how runs ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.customers import Customer
from bot.domain.journeys import Run
from bot.domain.segments import parse
from bot.store import segments
from bot.store.proof import HANDED

WEEK = timedelta(days=7)


@dataclass(slots=True)
class Sent:
    handed: int = 0
    delivered: int = 0
    opened: int = 0


@dataclass(slots=True)
class Traffic:
    """Of one playbook, whatever its version."""

    at: Counter[int] = field(default_factory=Counter)
    """People by the step that comes next for them."""
    ended: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why runs were left."""
    entered: int = 0
    """In the last seven days."""
    sent: dict[str, Sent] = field(default_factory=dict)
    """By template."""

    @property
    def under_way(self) -> int:
        return sum(self.at.values())


async def traffic(session: AsyncSession, now: datetime) -> dict[str, Traffic]:
    """By playbook, for all of them, in three statements."""
    found: dict[str, Traffic] = {}
    rows = await session.execute(
        select(
            Run.playbook,
            Run.state,
            Run.step,
            Run.reason,
            func.count(),
            func.count().filter(Run.entered_at > now - WEEK),
        ).group_by(Run.playbook, Run.state, Run.step, Run.reason)
    )
    for key, state, step, reason, people, lately in rows:
        told = found.setdefault(key, Traffic())
        told.entered += lately
        if state == "active":
            told.at[step] += people
        else:
            told.ended[state] += people
        if state == "left" and reason:
            told.reasons[reason] += people
    for key, template, handed, delivered, opened in await session.execute(_sent()):
        found.setdefault(key, Traffic()).sent[template] = Sent(handed, delivered, opened)
    return found


def _sent() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Run.playbook,
            Touch.template,
            func.count().filter(Touch.state.in_(HANDED)),
            func.count().filter(Touch.state == "delivered"),
            func.count(Touch.opened_at),
        )
        .join(Run, Run.id == Touch.run_id)
        .group_by(Run.playbook, Touch.template)
    )


@dataclass(frozen=True, slots=True)
class Arrived:
    """How many of those who came in are where the journey leads, beside those who were kept out of it."""

    walked: int = 0
    there: int = 0
    kept_out: int = 0
    there_too: int = 0

    @property
    def share(self) -> float:
        return self.there / self.walked if self.walked else 0

    @property
    def share_without(self) -> float:
        return self.there_too / self.kept_out if self.kept_out else 0


async def arrived(
    session: AsyncSession, key: str, goal: Mapping[str, Any], now: datetime
) -> Arrived:
    who, kept_out = Run.customer_id, Run.state == "holdout"
    there = segments.clause(parse(dict(goal)), now)
    query = (
        select(
            func.count(distinct(who)).filter(~kept_out),
            func.count(distinct(who)).filter(~kept_out, there),
            func.count(distinct(who)).filter(kept_out),
            func.count(distinct(who)).filter(kept_out, there),
        )
        .join(Customer, Customer.id == who)
        .where(Run.playbook == key)
    )
    return Arrived(*(await session.execute(query)).one())


async def travellers(
    session: AsyncSession, key: str, limit: int = 8
) -> Sequence[tuple[Run, Customer]]:
    """Some of those under way, the next to move first."""
    query = (
        select(Run, Customer)
        .join(Customer, Customer.id == Run.customer_id)
        .where(Run.playbook == key, Run.state == "active")
        .order_by(Run.due_at, Run.id)
        .limit(limit)
    )
    return [(run, customer) for run, customer in await session.execute(query)]
