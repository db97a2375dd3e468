"""Guides by what their messages brought, and group chats by who came and went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Attribution, MassTask, Touch
from bot.domain.customers import Guide, Store
from bot.domain.delivery import GuideTask
from bot.domain.group_chats import GroupChat, GroupMember
from bot.domain.orders import Order
from bot.store.attribution import NET
from bot.store.insights.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRow:
    id: int
    userid: str
    name: str
    store: str
    asked: int
    """Tasks of both kinds: contacts, and mass tasks to confirm."""
    done: int
    delivered: int
    """People who got something from her."""
    sales_fen: int


@dataclass(frozen=True, slots=True)
class RoomRow:
    id: int
    name: str
    kind: str
    members: int
    joined: int
    left: int


async def guides(session: AsyncSession, span: Span, *, store: str | None = None) -> list[GuideRow]:
    """Who brought most stands first; nobody who neither was asked nor sent anything."""
    tasks = await _counted(
        session,
        select(
            GuideTask.guide_id,
            func.count(),
            func.sum(case((GuideTask.state == "done", 1), else_=0)),
        )
        .where(span.holds(GuideTask.created_at), GuideTask.state != "withdrawn")
        .group_by(GuideTask.guide_id),
    )
    masses = await _counted(
        session,
        select(MassTask.guide_id, func.count(), func.count(MassTask.confirmed_at))
        .where(span.holds(MassTask.created_at), MassTask.msgid.is_not(None))
        .group_by(MassTask.guide_id),
    )
    sent = await _counted(
        session,
        select(Touch.guide_id, func.count(distinct(Touch.customer_id)))
        .where(span.holds(Touch.sent_at), Touch.state == "delivered")
        .group_by(Touch.guide_id),
    )
    sold = await _counted(
        session,
        select(Touch.guide_id, func.sum(NET))
        .join(Attribution, Attribution.touch_id == Touch.id)
        .join(Order, Order.id == Attribution.order_id)
        .where(span.holds(Touch.due_at))
        .group_by(Touch.guide_id),
    )
    query = select(Guide, Store.name).outerjoin(Store, Store.id == Guide.store_id)
    if store is not None:
        query = query.where(Store.code == store)
    none = (0, 0)
    rows = [
        GuideRow(
            id=guide.id,
            userid=guide.userid,
            name=guide.name,
            store=shop or "",
            asked=tasks.get(guide.id, none)[0] + masses.get(guide.id, none)[0],
            done=tasks.get(guide.id, none)[1] + masses.get(guide.id, none)[1],
            delivered=sent.get(guide.id, none)[0],
            sales_fen=sold.get(guide.id, none)[0],
        )
        for guide, shop in await session.execute(query)
    ]
    busy = [row for row in rows if row.asked or row.delivered or row.sales_fen]
    return sorted(busy, key=lambda row: (-row.sales_fen, -row.done, row.name))


async def rooms(session: AsyncSession, span: Span) -> list[RoomRow]:
    """Every living group chat, the fullest first."""
    came = case((span.holds(GroupMember.joined_at), 1), else_=0)
    went = case((span.holds(GroupMember.left_at), 1), else_=0)
    here = case((GroupMember.left_at.is_(None), 1), else_=0)
    rows = await session.execute(
        select(
            GroupChat.id,
            GroupChat.name,
            GroupChat.kind,
            func.sum(here),
            func.sum(came),
            func.sum(went),
        )
        .join(GroupMember, GroupMember.group_chat_id == GroupChat.id)
        .where(GroupChat.state != "dismissed", GroupMember.customer_id.is_not(None))
        .group_by(GroupChat.id, GroupChat.name, GroupChat.kind)
        .order_by(func.sum(here).desc(), GroupChat.id)
    )
    return [
        RoomRow(id_, name, kind or "", int(members), int(joined), int(left))
        for id_, name, kind, members, joined, left in rows
    ]


async def _counted(
    session: AsyncSession, query: Select[*tuple[Any, ...]]
) -> dict[int, tuple[int, ...]]:
    rows = await session.execute(query)
    return {key: tuple(int(value or 0) for value in facts) for key, *facts in rows if key}
