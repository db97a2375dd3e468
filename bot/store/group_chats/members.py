"""Who sits in which room, as the platform tells: new faces, leavers, and those who do not belong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Identity
from bot.domain.group_chats import GroupChat, GroupMember, GroupRule
from bot.domain.segments import parse
from bot.store import customers, segments
from bot.store.vault import Vault

EXTERNAL = 2


class RoomFacts(NamedTuple):
    name: str
    owner: str
    state: str
    members: frozenset[str]


async def seats(session: AsyncSession) -> dict[str, RoomFacts]:
    """Every room by chat_id, with who sits in it."""
    rows = await session.execute(
        select(GroupMember.group_chat_id, GroupMember.member_id).where(
            GroupMember.left_at.is_(None)
        )
    )
    sitting: defaultdict[int, set[str]] = defaultdict(set)
    for room_id, member_id in rows:
        sitting[room_id].add(member_id)
    rooms = await session.scalars(select(GroupChat).order_by(GroupChat.id))
    return {
        room.chat_id: RoomFacts(room.name, room.owner, room.state, frozenset(sitting[room.id]))
        for room in rooms
    }


async def room_of(session: AsyncSession, chat: Mapping[str, Any], now: datetime) -> GroupChat:
    """The room with what `groupchat/get` says of it; one that we had not heard of is met."""
    room = await session.scalar(select(GroupChat).where(GroupChat.chat_id == chat["chat_id"]))
    if room is None:
        made = chat.get("create_time")
        room = GroupChat(chat_id=chat["chat_id"], state="open", capacity=200, members=0)
        room.created_at = _moment(made) if made else now
        session.add(room)
    room.name, room.owner = chat.get("name") or "", chat.get("owner") or ""
    room.members = len(chat.get("member_list", ()))
    room.version = chat.get("member_version") or room.version
    await session.flush()
    return room


async def seat(
    session: AsyncSession,
    vault: Vault,
    room: GroupChat,
    listed: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Sequence[GroupMember]:
    """Make our list equal with the platform's; the customers who are new in it."""
    known = {
        row.member_id: row
        for row in await session.scalars(
            select(GroupMember).where(GroupMember.group_chat_id == room.id)
        )
    }
    here = {member["userid"]: member for member in listed}
    for member_id, row in known.items():
        if member_id not in here and row.left_at is None:
            row.left_at, row.grace_until = now, None
    fresh = [id_ for id_ in here if id_ not in known or known[id_].left_at is not None]
    people = await _people(session, vault, [here[id_] for id_ in fresh], now)
    came = [_sit(room, known.get(id_), here[id_], people.get(id_), now) for id_ in fresh]
    session.add_all(came)
    await session.flush()
    return [member for member in came if member.customer_id is not None]


def _sit(
    room: GroupChat,
    row: GroupMember | None,
    facts: Mapping[str, Any],
    customer_id: int | None,
    now: datetime,
) -> GroupMember:
    row = row or GroupMember(group_chat_id=room.id, member_id=facts["userid"])
    row.customer_id, row.left_at, row.grace_until = customer_id, None, None
    row.joined_at = _moment(facts["join_time"]) if facts.get("join_time") else now
    row.join_scene, row.state = facts.get("join_scene"), facts.get("state") or None
    return row


async def _people(
    session: AsyncSession, vault: Vault, fresh: Sequence[Mapping[str, Any]], now: datetime
) -> dict[str, int]:
    """Customers by external_userid; whoever is nobody's friend yet is met here."""
    outside = {one["userid"]: one for one in fresh if one.get("type") == EXTERNAL}
    rows = await session.execute(
        select(Identity.value, Customer.id, Customer.merged_into)
        .join(Customer, Customer.id == Identity.customer_id)
        .where(Identity.kind == "external_userid", Identity.value.in_(outside))
    )
    found = {value: merged or customer_id for value, customer_id, merged in rows}
    for external_userid in outside.keys() - found.keys():
        customer = await customers.meet(
            session,
            vault,
            kind="external_userid",
            value=external_userid,
            at=now,
            evidence="group_chat",
            name=outside[external_userid].get("name"),
        )
        found[external_userid] = customer.id
    return found


async def belonging(
    session: AsyncSession, rule: GroupRule, customer_ids: Collection[int], now: datetime
) -> set[int]:
    """Those of them whom the rule lets in."""
    allowed = segments.clause(parse(rule.rule), now)
    found = await session.scalars(
        select(Customer.id).where(Customer.id.in_(customer_ids), allowed)
    )
    return set(found)


async def seated_twice(
    session: AsyncSession, room: GroupChat, customer_ids: Collection[int]
) -> set[int]:
    """Those of them who already sit in another room of this family."""
    found = await session.scalars(
        select(GroupMember.customer_id)
        .join(GroupChat, GroupChat.id == GroupMember.group_chat_id)
        .where(
            GroupChat.rule_key == room.rule_key,
            GroupChat.id != room.id,
            GroupMember.left_at.is_(None),
            GroupMember.customer_id.in_(customer_ids),
        )
    )
    return {customer_id for customer_id in found if customer_id is not None}


async def outgrown(
    session: AsyncSession, rule: GroupRule, now: datetime, *, limit: int
) -> Sequence[GroupMember]:
    """Members whom the rule no longer lets in, and who have not been told."""
    entitled = segments.clause(parse(rule.rule), now)
    return await _members(session, rule, ~entitled, GroupMember.grace_until.is_(None), limit=limit)


async def back_in(
    session: AsyncSession, rule: GroupRule, now: datetime, *, limit: int
) -> Sequence[GroupMember]:
    """Members on their way out who belong here again."""
    entitled = segments.clause(parse(rule.rule), now)
    return await _members(
        session, rule, entitled, GroupMember.grace_until.is_not(None), limit=limit
    )


async def overstayed(
    session: AsyncSession, rule: GroupRule, now: datetime, *, limit: int
) -> Sequence[GroupMember]:
    entitled = segments.clause(parse(rule.rule), now)
    return await _members(session, rule, ~entitled, GroupMember.grace_until <= now, limit=limit)


async def _members(
    session: AsyncSession, rule: GroupRule, *conditions: Any, limit: int
) -> Sequence[GroupMember]:
    found = await session.scalars(
        select(GroupMember)
        .join(GroupChat, GroupChat.id == GroupMember.group_chat_id)
        .join(Customer, Customer.id == GroupMember.customer_id)
        .where(
            GroupChat.rule_key == rule.key,
            GroupChat.state != "dismissed",
            GroupMember.left_at.is_(None),
            GroupMember.flagged_at.is_(None),
            *conditions,
        )
        .order_by(GroupMember.id)
        .limit(limit)
    )
    return found.all()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
