"""Segments asked of the database: who belongs, how many, by which condition, and the published versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.segments import Rule, Segment, conditions, parse, read_back
from bot.store.segment_clauses import Compiler
from bot.store.segment_counting import WHOLE, count

__all__ = ["WHOLE", "count"]
DRAFT = 0


@dataclass(frozen=True, slots=True)
class Hits:
    """How many customers one condition of a rule fits by itself."""

    path: str
    words: str
    customers: int


def clause(rule: Rule, now: datetime) -> ColumnElement[bool]:
    """The customers of a rule, as a WHERE over `Customer`."""
    return and_(WHOLE, Compiler(now).clause(rule))


async def ids(
    session: AsyncSession, rule: Rule, now: datetime, *, refs: Sequence[str] = (), most: int
) -> list[int]:
    """Who fits, the first so many of them; with refs, only those of them."""
    query = select(Customer.id).where(clause(rule, now)).order_by(Customer.id).limit(most)
    if refs:
        query = query.where(Customer.ref.in_(refs))
    return list(await session.scalars(query))


async def count_several(
    session: AsyncSession, asked: Mapping[str, Rule], now: datetime
) -> dict[str, int]:
    """Several rules by name, each counted by itself."""
    return {name: await count(session, rule, now) for name, rule in asked.items()}


async def count_each(session: AsyncSession, rule: Rule, now: datetime) -> list[Hits]:
    """Every condition by itself, in the order it was written: shows which one narrows most."""
    asked = list(conditions(rule))
    if not asked:
        return []
    hits = [func.count().filter(Compiler(now).clause(one)) for one in asked]
    found = (await session.execute(select(*hits).select_from(Customer).where(WHOLE))).one()
    return [
        Hits(one.path, read_back(one), number) for one, number in zip(asked, found, strict=True)
    ]


async def sample(session: AsyncSession, rule: Rule, now: datetime, n: int = 3) -> list[Customer]:
    """A few of them, spread over the years in which they came, the same ones each time."""
    spread = (Customer.id * 7919) % 10_007
    query = select(Customer).where(clause(rule, now)).order_by(spread, Customer.id).limit(n)
    return list(await session.scalars(query))


async def matches(session: AsyncSession, rule: Rule, customer_id: int, now: datetime) -> bool:
    return bool(await matching(session, rule, [customer_id], now))


async def matching(
    session: AsyncSession, rule: Rule, customer_ids: Collection[int], now: datetime
) -> set[int]:
    """Which of these few belong."""
    fits = Compiler(now, only=frozenset(customer_ids)).clause(rule)
    query = select(Customer.id).where(Customer.id.in_(customer_ids), WHOLE, fits)
    return set(await session.scalars(query))


async def difference(
    session: AsyncSession, new: Rule, live: Rule, now: datetime
) -> tuple[int, int]:
    """How many customers a new version takes in, and how many it lets go."""
    to = Compiler(now)
    joining = func.count().filter(and_(to.clause(new), not_(to.clause(live))))
    leaving = func.count().filter(and_(to.clause(live), not_(to.clause(new))))
    found = await session.execute(select(joining, leaving).select_from(Customer).where(WHOLE))
    joins, leaves = found.one()
    return joins, leaves


async def keep_draft(
    session: AsyncSession, *, key: str, name: str, rule: Mapping[str, Any], by: str, now: datetime
) -> Segment:
    """One for each name: version 0, which counts nowhere. It may hold conditions that nobody can read yet."""
    kept = await draft(session, key)
    if kept is None:
        kept = Segment(key=key, version=DRAFT, state="draft")
        session.add(kept)
    kept.name, kept.rule, kept.by, kept.at = name, dict(rule), by, now
    await session.flush()
    return kept


async def draft(session: AsyncSession, key: str) -> Segment | None:
    found: Segment | None = await session.scalar(
        select(Segment).where(Segment.key == key, Segment.version == DRAFT)
    )
    return found


async def drafts(session: AsyncSession) -> list[Segment]:
    query = select(Segment).where(Segment.version == DRAFT).order_by(Segment.at.desc())
    return list(await session.scalars(query))


async def drop_draft(session: AsyncSession, key: str) -> bool:
    gone = delete(Segment).where(Segment.key == key, Segment.version == DRAFT)
    return (await session.scalar(gone.returning(Segment.id))) is not None


async def publish(
    session: AsyncSession, *, key: str, name: str, rule: Mapping[str, Any], by: str, now: datetime
) -> Segment:
    """Make this the version that counts; the same rule again is the same version. Its draft has done its work."""
    parse(rule)
    await drop_draft(session, key)
    live = await published(session, key)
    if live is not None and live.rule == rule and live.name == name:
        return live
    newest = await session.scalar(select(func.max(Segment.version)).where(Segment.key == key))
    await session.execute(
        update(Segment)
        .where(Segment.key == key, Segment.state == "published")
        .values(state="retired")
    )
    made = Segment(key=key, version=(newest or 0) + 1, name=name, rule=dict(rule))
    made.state, made.at, made.by = "published", now, by
    session.add(made)
    await session.flush()
    return made


async def published(session: AsyncSession, key: str) -> Segment | None:
    query = select(Segment).where(Segment.key == key, Segment.state == "published")
    return (await session.scalars(query.order_by(Segment.version.desc()))).first()


async def all_published(session: AsyncSession) -> list[Segment]:
    query = select(Segment).where(Segment.state == "published").order_by(Segment.key)
    return list(await session.scalars(query))
