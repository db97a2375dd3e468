"""Advisors and hand-overs: who may take whom, what the platform was asked, and what it answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.advisors import AGAIN, MOST_TIMES, PENDING, WHY, Candidate
from bot.domain.customers import Customer, Follow, Guide, HandOver
from bot.domain.segments import parse
from bot.domain.tiers import PurchaseStats
from bot.store import cases, customers, guide_tasks, segments, touches
from bot.store.bulk import among
from bot.store.engine import dialect_of
from bot.store.together import together
from bot.store.vault import Vault

TOLD = "advisor/new"


class Left(NamedTuple):
    """A customer whose guide has left."""

    customer_id: int
    external_userid: str
    giver: str
    store_id: int | None
    likes: str | None


async def candidates(session: AsyncSession) -> dict[int, Candidate]:
    """Everybody on the job, with how many she advises."""
    advised = (Follow.guide_id == Guide.id, Follow.ended_at.is_(None))
    load = select(func.count()).where(*advised, Follow.advises_since.is_not(None))
    query = select(Guide, load.correlate(Guide).scalar_subquery()).where(Guide.active)
    return {
        guide.id: Candidate(guide.id, guide.userid, guide.store_id, count)
        for guide, count in await session.execute(query.order_by(Guide.id))
    }


async def unadvised(
    session: AsyncSession, rule: Mapping[str, Any], now: datetime, *, most: int
) -> dict[int, tuple[str | None, list[int]]]:
    """Who should have an advisor and has none: what she likes, and the guides on the job that she knows."""
    other = aliased(Follow)
    has = exists().where(
        other.customer_id == Follow.customer_id,
        other.ended_at.is_(None),
        other.advises_since.is_not(None),
        other.guide_id.in_(select(Guide.id).where(Guide.active)),
    )
    entitled = select(Customer.id).where(
        Customer.merged_into.is_(None), segments.clause(parse(dict(rule)), now)
    )
    query = (
        select(Follow.customer_id, PurchaseStats.top_category, Follow.guide_id)
        .join(Guide, Guide.id == Follow.guide_id)
        .outerjoin(PurchaseStats, PurchaseStats.customer_id == Follow.customer_id)
        .where(
            Follow.ended_at.is_(None),
            Guide.active,
            ~has,
            Follow.customer_id.in_(entitled),
        )
        .order_by(Follow.customer_id, Follow.guide_id)
        .limit(most)
    )
    found: dict[int, tuple[str | None, list[int]]] = {}
    for customer_id, likes, guide_id in await session.execute(query):
        found.setdefault(customer_id, (likes, []))[1].append(guide_id)
    return found


class Friend(NamedTuple):
    """A guide whom she knows and who is on the job."""

    guide: Guide
    advises_since: datetime | None


async def friends_of(session: AsyncSession, customer_id: int) -> list[Friend]:
    """Those who may advise her; whoever does comes first."""
    query = (
        select(Guide, Follow.advises_since)
        .join(Follow, Follow.guide_id == Guide.id)
        .where(Follow.customer_id == customer_id, Follow.ended_at.is_(None), Guide.active)
        .order_by(Follow.advises_since.is_(None), Guide.id)
    )
    return [Friend(*row) for row in await session.execute(query)]


async def assign(session: AsyncSession, *, customer_id: int, guide_id: int, now: datetime) -> None:
    """This guide and no other."""
    hers = Follow.customer_id == customer_id
    await session.execute(
        update(Follow).where(hers, Follow.guide_id != guide_id).values(advises_since=None)
    )
    mine = (hers, Follow.guide_id == guide_id, Follow.advises_since.is_(None))
    await session.execute(update(Follow).where(*mine).values(advises_since=now))


async def orphans(session: AsyncSession, now: datetime, *, most: int) -> Sequence[Left]:
    """Customers whose guide has left and who know nobody else here, as far as the platform may be asked again."""
    other, colleague = aliased(Follow), aliased(Guide)
    knows = exists().where(
        other.customer_id == Follow.customer_id,
        other.ended_at.is_(None),
        other.guide_id == colleague.id,
        colleague.active,
    )
    theirs = HandOver.external_userid == Follow.external_userid
    under_way = exists().where(theirs, HandOver.giver == Guide.userid)
    recent = select(func.count()).where(theirs, HandOver.asked_at > now - AGAIN)
    query = (
        select(
            Follow.customer_id,
            Follow.external_userid,
            Guide.userid,
            Guide.store_id,
            PurchaseStats.top_category,
        )
        .join(Guide, Guide.id == Follow.guide_id)
        .join(Customer, Customer.id == Follow.customer_id)
        .outerjoin(PurchaseStats, PurchaseStats.customer_id == Follow.customer_id)
        .where(
            Follow.ended_at.is_(None),
            ~Guide.active,
            Customer.merged_into.is_(None),
            ~knows,
            ~under_way,
            recent.correlate(Follow).scalar_subquery() < MOST_TIMES,
        )
        .order_by(Follow.id)
        .limit(most)
    )
    return [Left(*row) for row in await session.execute(query)]


async def ask(session: AsyncSession, left: Left, taker: str, now: datetime) -> HandOver:
    asked = HandOver(
        customer_id=left.customer_id,
        external_userid=left.external_userid,
        giver=left.giver,
        taker=taker,
        state="asked",
        asked_at=now,
    )
    session.add(asked)
    await session.flush()
    return asked


async def pending(
    session: AsyncSession, *, before: datetime | None = None, **pair: str
) -> Sequence[HandOver]:
    """Those that nobody has told the end of; of one pair of guides, or asked before this moment."""
    query = select(HandOver).where(HandOver.state.in_(PENDING)).filter_by(**pair)
    if before is not None:
        query = query.where(HandOver.asked_at <= before)
    return (await session.scalars(query.order_by(HandOver.id).with_for_update())).all()


async def pending_of(
    session: AsyncSession, *, external_userid: str, taker: str = "", giver: str = ""
) -> Sequence[HandOver]:
    """Hers, as far as this guide takes her over, or gives her away."""
    hers = await together(session, _pending_of, external_userid)
    return [row for row in hers if row.taker == taker or row.giver == giver]


async def _pending_of(
    session: AsyncSession, external_userids: Sequence[str]
) -> list[list[HandOver]]:
    found: dict[str, list[HandOver]] = {each: [] for each in external_userids}
    for row in await session.scalars(_pending_with(dialect_of(session)), {"whose": sorted(found)}):
        found[row.external_userid].append(row)
    return [found[each] for each in external_userids]


@cache
def _pending_with(dialect: str) -> Select[HandOver]:
    theirs = among(dialect, HandOver.external_userid, "whose")
    pending = select(HandOver).where(HandOver.state.in_(PENDING), theirs)
    return pending.order_by(HandOver.id).with_for_update()


async def conclude(
    session: AsyncSession, vault: Vault, found: Iterable[HandOver], state: str, now: datetime
) -> None:
    """Its end, and what follows: her new guide advises her and she is told, or a person is asked to care."""
    for each in found:
        each.state, each.settled_at = state, None if state in PENDING else now
        if state == "done":
            await _taken_over(session, each, now)
        elif state in WHY:
            await _ask_somebody(session, vault, each, now)
    await session.flush()


async def _taken_over(session: AsyncSession, row: HandOver, now: datetime) -> None:
    guide = await customers.guide_by_userid(session, row.taker)
    await assign(session, customer_id=row.customer_id, guide_id=guide.id, now=now)
    plan: touches.Plan = {
        "customer_id": row.customer_id,
        "template": TOLD,
        "purpose": "service",
        "due_at": now,
    }
    await touches.plan(session, [plan], now)


async def _ask_somebody(session: AsyncSession, vault: Vault, row: HandOver, now: datetime) -> None:
    boss = await cases.in_charge(session)
    if boss is None:
        return
    await guide_tasks.ask(
        session,
        vault,
        key=f"hand_over:{row.id}",
        guide_id=boss.id,
        customer_id=row.customer_id,
        kind="hand_over",
        why=WHY[row.state],
        now=now,
    )
