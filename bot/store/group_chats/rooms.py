"""The rooms of a family, and the code that leads into the one which has a free place."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import AddJoinWay, GetGroupChat, GetJoinWay, UpdateJoinWay
from bot.domain.group_chats import GroupChat, GroupMember, GroupRule, Invite, join_state
from bot.domain.segments import parse
from bot.store import outbox, segments
from bot.store.group_chats.rules import live_rules, rule_of
from bot.store.vault import Vault

ROOMS_PER_CODE = 5
"""The platform takes no more group chats for one join way (41091)."""


async def join_link(
    session: AsyncSession, customer_id: int, rule_key: str | None = None
) -> str | None:
    """The QR code to show her now; without a key that of her newest invite.
    None when she is in already or no room of the family takes anybody."""
    key = rule_key or await _invited_into(session, customer_id)
    rule = await rule_of(session, key) if key else None
    if rule is None or (customer_id, rule.key) in await memberships(session, [customer_id]):
        return None
    return await open_code(session, rule)


async def open_code(session: AsyncSession, rule: GroupRule) -> str | None:
    """The code of a room that takes people; a paused family takes none. Our codes make the platform open the
    next room when all of theirs are full, so that the code of a full room still lives; that of a dissolved one
    does not."""
    rooms = [] if rule.paused else await rooms_of(session, rule.key)
    ranked = sorted(rooms, key=lambda room: room.state != "open")
    return next((room.qr_code for room in ranked if room.qr_code and room.config_id), None)


async def rooms_of(session: AsyncSession, rule_key: str) -> Sequence[GroupChat]:
    found = select(GroupChat).where(GroupChat.rule_key == rule_key, GroupChat.state != "dismissed")
    return (await session.scalars(found.order_by(GroupChat.id))).all()


async def memberships(
    session: AsyncSession, customer_ids: Collection[int]
) -> set[tuple[int, str]]:
    """Who of them is in a group chat of which family now."""
    inside = (
        select(GroupMember.customer_id, GroupChat.rule_key)
        .join(GroupChat, GroupChat.id == GroupMember.group_chat_id)
        .where(GroupMember.customer_id.in_(customer_ids), GroupMember.left_at.is_(None))
    )
    rows = await session.execute(inside)
    return {(who, family) for who, family in rows if who is not None and family is not None}


async def eligible(session: AsyncSession, customer_id: int, rule_key: str, now: datetime) -> bool:
    """May she be in a group chat of this family?"""
    rule = await rule_of(session, rule_key)
    return rule is not None and await segments.matches(session, parse(rule.rule), customer_id, now)


async def _invited_into(session: AsyncSession, customer_id: int) -> str | None:
    invited = select(Invite.rule_key).where(
        Invite.customer_id == customer_id, Invite.state.in_(("eligible", "sent"))
    )
    found: str | None = await session.scalar(invited.order_by(Invite.id.desc()).limit(1))
    return found


async def look_at(
    session: AsyncSession, vault: Vault, chat_id: str, *, version: str, now: datetime
) -> None:
    """Owe a look at a group chat: events say that something changed, not what it is now."""
    await outbox.owe(
        session,
        vault,
        GetGroupChat(chat_id=chat_id),
        effect=f"group_chat:{chat_id}:{version}",
        now=now,
        lane="express",
    )


async def adopt(session: AsyncSession, room: GroupChat) -> GroupRule | None:
    """Find the family of a room by its name: the platform names the rooms it makes after the base name."""
    if room.rule_key is not None:
        return await rule_of(session, room.rule_key)
    named = [
        rule
        for rule in await live_rules(session)
        if room.name.startswith(str(rule.settings["room_base_name"]))
    ]
    rule = max(named, key=lambda found: len(found.settings["room_base_name"]), default=None)
    if rule is not None:
        room.rule_key, room.kind = rule.key, rule.kind
    return rule


async def dissolve(session: AsyncSession, vault: Vault, chat_id: str, now: datetime) -> None:
    """Nobody sits here any more, and its code must never be shown again."""
    room = await session.scalar(select(GroupChat).where(GroupChat.chat_id == chat_id))
    if room is None or room.state == "dismissed":
        return
    room.state, room.members, room.qr_code = "dismissed", 0, None
    await session.execute(
        update(GroupMember)
        .where(GroupMember.group_chat_id == room.id, GroupMember.left_at.is_(None))
        .values(left_at=now)
    )
    await session.flush()
    rule = await rule_of(session, room.rule_key) if room.rule_key else None
    if rule is not None:
        await owe_code(session, vault, rule, now)


async def owe_code(
    session: AsyncSession, vault: Vault, rule: GroupRule, now: datetime, *, after: str = "new"
) -> None:
    """Keep one join way per family, leading to its rooms that take people. `after`: one that died."""
    rooms = await rooms_of(session, rule.key)
    wanted = [room for room in rooms if room.state == "open"] or list(rooms[-1:])
    if not wanted:
        return
    chats = tuple(room.chat_id for room in wanted[-ROOMS_PER_CODE:])
    config = next((room.config_id for room in rooms if room.config_id), None)
    call = _join_way(rule, chats, config, await _rooms_ever(session, rule.key))
    digest = hashlib.sha256("|".join(chats).encode()).hexdigest()[:16]
    effect = f"join_way:{rule.key}:{config or after}:{digest}"
    await outbox.owe(session, vault, call, effect=effect, now=now, lane="express")


def _join_way(
    rule: GroupRule, chats: tuple[str, ...], config: str | None, rooms: int
) -> AddJoinWay | UpdateJoinWay:
    state, base = join_state(rule.key), str(rule.settings["room_base_name"])
    if config is None:
        return AddJoinWay(
            chat_ids=chats,
            state=state,
            room_base_name=base,
            room_base_id=rooms + 1,
            remark=rule.name[:30],
        )
    return UpdateJoinWay(
        config_id=config,
        chat_ids=chats,
        state=state,
        room_base_name=base,
        room_base_id=rooms + 1,
    )


async def _rooms_ever(session: AsyncSession, rule_key: str) -> int:
    counted = select(func.count()).where(GroupChat.rule_key == rule_key)
    return await session.scalar(counted) or 0


async def owe_look_at_code(
    session: AsyncSession, vault: Vault, config_id: str, *, cause: str, now: datetime
) -> None:
    effect = f"join_way:{config_id}:seen:{cause}"
    call = GetJoinWay(config_id=config_id)
    await outbox.owe(session, vault, call, effect=effect, now=now, lane="express")


async def remember_code(
    session: AsyncSession, *, config_id: str, chat_ids: Sequence[str], qr_code: str, state: str
) -> Sequence[GroupChat]:
    """The rooms behind a code, as the platform tells. Others of its family lose it: their code is dead."""
    named = or_(GroupChat.chat_id.in_(chat_ids), GroupChat.config_id == config_id)
    rooms = (await session.scalars(select(GroupChat).where(named))).all()
    for room in rooms:
        inside = room.chat_id in chat_ids
        room.config_id = config_id if inside else None
        room.qr_code = qr_code if inside else None
        room.join_state = state if inside else None
    return [room for room in rooms if room.chat_id in chat_ids]


class Code(NamedTuple):
    """A join way as we know it."""

    rule_key: str | None
    qr_code: str | None
    chat_ids: frozenset[str]


async def codes(session: AsyncSession) -> dict[str, Code]:
    """By config_id."""
    rooms = await session.scalars(
        select(GroupChat).where(GroupChat.config_id.is_not(None)).order_by(GroupChat.id)
    )
    found: dict[str, Code] = {}
    for room in rooms:
        known = found.get(str(room.config_id), Code(room.rule_key, room.qr_code, frozenset()))
        found[str(room.config_id)] = known._replace(
            qr_code=known.qr_code or room.qr_code, chat_ids=known.chat_ids | {room.chat_id}
        )
    return found


async def forget_code(
    session: AsyncSession, vault: Vault, config_id: str, rule_key: str | None, now: datetime
) -> None:
    """The platform has this code no more: its family gets another one."""
    await session.execute(
        update(GroupChat)
        .where(GroupChat.config_id == config_id)
        .values(config_id=None, qr_code=None, join_state=None)
    )
    rule = await rule_of(session, rule_key) if rule_key else None
    if rule is not None:
        await owe_code(session, vault, rule, now, after=config_id)
