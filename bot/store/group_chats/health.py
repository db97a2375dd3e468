"""How alive group chats are, and which have lost their owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import MassTask
from bot.domain.customers import Customer, Guide
from bot.domain.group_chats import GroupChat, GroupMember, Invite, health
from bot.store.group_chats.rules import live_rules

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
SENT = ("confirmed", "settled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    id: int
    chat_id: str
    rule_key: str | None
    kind: str | None
    name: str
    owner: str
    state: str
    members: int
    capacity: int
    invited: int
    """Into the whole family, and not yet come."""
    joined: int
    """Into this room by an invite."""
    active_share: float
    """Of the customers in it, who did anything with the brand within a week."""
    left: int
    """Within a week."""
    posts: int
    """Messages of ours that its owner sent within a month."""
    word: str


async def overview(session: AsyncSession, now: datetime) -> list[Health]:
    """Every living room with its numbers, family by family in the order they invite."""
    order = {rule.key: place for place, rule in enumerate(await live_rules(session))}
    rooms = await session.scalars(select(GroupChat).where(GroupChat.state != "dismissed"))
    seats = await _seats(session, now)
    waiting, came = await _invites(session)
    posts = await _posts(session, now)
    told = [
        _told(
            room,
            seats.get(room.id, (0, 0, 0)),
            waiting=waiting.get(room.rule_key or "", 0),
            came=came.get(room.id, 0),
            posts=posts.get(room.id, 0),
        )
        for room in rooms
    ]
    return sorted(told, key=lambda one: (order.get(one.rule_key or "", len(order)), one.id))


def _told(
    room: GroupChat, seats: tuple[int, int, int], *, waiting: int, came: int, posts: int
) -> Health:
    customers, active, left = seats
    return Health(
        id=room.id,
        chat_id=room.chat_id,
        rule_key=room.rule_key,
        kind=room.kind,
        name=room.name,
        owner=room.owner,
        state=room.state,
        members=room.members,
        capacity=room.capacity,
        invited=waiting,
        joined=came,
        active_share=active / customers if customers else 0.0,
        left=left,
        posts=posts,
        word=health(members=customers, active=active, left=left),
    )


async def _seats(session: AsyncSession, now: datetime) -> dict[int, tuple[int, int, int]]:
    here = GroupMember.left_at.is_(None)
    rows = await session.execute(
        select(
            GroupMember.group_chat_id,
            func.sum(case((here, 1), else_=0)),
            func.sum(case((here & (Customer.last_active_at > now - WEEK), 1), else_=0)),
            func.sum(case((GroupMember.left_at > now - WEEK, 1), else_=0)),
        )
        .join(Customer, Customer.id == GroupMember.customer_id)
        .group_by(GroupMember.group_chat_id)
    )
    return {room: (int(members), int(active), int(left)) for room, members, active, left in rows}


async def _posts(session: AsyncSession, now: datetime) -> dict[int, int]:
    rows = await session.execute(
        select(MassTask.group_chat_id, func.count())
        .where(
            MassTask.group_chat_id.is_not(None),
            MassTask.state.in_(SENT),
            MassTask.created_at > now - MONTH,
        )
        .group_by(MassTask.group_chat_id)
    )
    return {room: count for room, count in rows if room is not None}


async def _invites(session: AsyncSession) -> tuple[dict[str, int], dict[int, int]]:
    waiting = await session.execute(
        select(Invite.rule_key, func.count())
        .where(Invite.state.in_(("eligible", "sent")))
        .group_by(Invite.rule_key)
    )
    came = await session.execute(
        select(Invite.group_chat_id, func.count())
        .where(Invite.state == "joined", Invite.group_chat_id.is_not(None))
        .group_by(Invite.group_chat_id)
    )
    return {str(key): count for key, count in waiting}, {
        room: count for room, count in came if room
    }


async def orphans(session: AsyncSession) -> Sequence[GroupChat]:
    """Rooms whose owner no longer works here."""
    working = exists().where(Guide.userid == GroupChat.owner, Guide.active)
    found = select(GroupChat).where(GroupChat.state != "dismissed", ~working)
    return (await session.scalars(found.order_by(GroupChat.id))).all()
