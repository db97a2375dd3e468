"""What needs a person today, and the numbers above it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, MassTask
from bot.domain.cases import Case
from bot.domain.customers import Customer, Guide, Store
from bot.domain.delivery import Kept
from bot.domain.group_chats import GroupChat
from bot.store import group_chats, switches
from bot.store.segments import WHOLE


class Unconfirmed(NamedTuple):
    """A guide who has tasks of ours that she has not sent."""

    userid: str
    guide: str
    store: str
    tasks: int
    customers: int
    since: datetime
    until: datetime
    reminders: int


class Parked(NamedTuple):
    kind: str
    reason: str
    events: int
    since: datetime


async def frame(session: AsyncSession) -> dict[str, Any]:
    """What every page of the console shows beside its own matter."""
    return {
        "customers": await _one(session, select(func.count()).select_from(Customer).where(WHOLE)),
        "cases_open": await _one(session, select(func.count()).where(Case.state != "closed")),
        "sending": await switches.sending(session),
    }


async def unconfirmed(session: AsyncSession, store: str | None = None) -> list[Unconfirmed]:
    """Who has waited longest stands first."""
    query = (
        select(
            Guide.userid,
            Guide.name,
            Store.name,
            func.count(),
            func.sum(MassTask.customers),
            func.min(MassTask.created_at),
            func.min(MassTask.expires_at),
            func.max(MassTask.reminders),
        )
        .join(Guide, Guide.id == MassTask.guide_id)
        .outerjoin(Store, Store.id == Guide.store_id)
        .where(MassTask.state == "waiting", MassTask.group_chat_id.is_(None))
        .group_by(Guide.id, Guide.userid, Guide.name, Store.name)
        .order_by(func.min(MassTask.created_at), Guide.id)
    )
    if store is not None:
        query = query.where(Store.code == store)
    rows = await session.execute(query)
    return [
        Unconfirmed(row[0], row[1], row[2] or "", int(row[3]), int(row[4]), *row[5:])
        for row in rows
    ]


async def parked(session: AsyncSession) -> list[Parked]:
    """Events that no handler could take, by kind and reason."""
    rows = await session.execute(
        select(Kept.kind, Kept.reason, func.count(), func.min(Kept.received_at))
        .where(Kept.state == "parked")
        .group_by(Kept.kind, Kept.reason)
        .order_by(func.count().desc())
    )
    return [Parked(kind or "", reason or "", count, since) for kind, reason, count, since in rows]


async def undecided(session: AsyncSession) -> Sequence[Campaign]:
    """Campaigns that wait for somebody's word, the next to begin first."""
    waiting = Campaign.state.in_(("draft", "approved")) & Campaign.planned_at.is_(None)
    alone = ~((Campaign.state == "approved") & Campaign.occasion.is_not(None))
    found = select(Campaign).where(waiting, alone).order_by(Campaign.starts_at, Campaign.id)
    return (await session.scalars(found.limit(20))).all()


async def rooms_in_need(session: AsyncSession) -> tuple[Sequence[GroupChat], Sequence[GroupChat]]:
    """Rooms that are full, and rooms whose owner no longer works here."""
    full = select(GroupChat).where(GroupChat.state == "full").order_by(GroupChat.name)
    return (await session.scalars(full)).all(), await group_chats.orphans(session)


async def _one(session: AsyncSession, query: Any) -> int:
    return int(await session.scalar(query) or 0)
