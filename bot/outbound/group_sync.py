"""What the platform says of group chats: who sits where, who came by an invite, who should not be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.calls import (
    AddJoinWay,
    GetGroupChat,
    GetJoinWay,
    Outcome,
    Sent,
    UpdateJoinWay,
)
from bot.domain.group_chats import TAGS, GroupChat, GroupMember, GroupRule, join_state
from bot.outbound.group_requests import ask_about_stranger, ask_for_room
from bot.outbound.settled import Settling, settled
from bot.store import group_chats, invites, tags
from bot.store.outbox import Claimed

LAG = timedelta(seconds=20)
"""`groupchat/get` trails its event a little."""


@settled.on(GetGroupChat)
async def seen(call: GetGroupChat, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    if not isinstance(outcome, Sent) or "group_chat" not in outcome.answer:
        return
    room = await take_over(turn, {"chat_id": call.chat_id} | outcome.answer["group_chat"])
    await _look_again(call, owed, room, turn)


async def take_over(turn: Settling, chat: Mapping[str, Any], *, reopen: bool = False) -> GroupChat:
    """Make our picture of a room the platform's. `reopen`: also of one that we had taken for dissolved."""
    room = await group_chats.room_of(turn.session, chat, turn.now)
    if reopen and room.state == "dismissed":
        room.state = "open"
    known = room.rule_key is not None
    rule = await group_chats.adopt(turn.session, room)
    listed = chat.get("member_list", ())
    came = await group_chats.seat(turn.session, turn.vault, room, listed, turn.now)
    if rule is not None:
        await _fill(room, rule, turn)
        await _judge(room, rule, came, turn)
    if rule is not None and not known:
        await _open_way(room, rule, turn)
    return room


async def _fill(room: GroupChat, rule: GroupRule, turn: Settling) -> None:
    """A full room is not offered any more; one with a free place again is."""
    room.capacity = rule.capacity
    if room.state == "dismissed":
        return
    was, room.state = room.state, "full" if room.members >= room.capacity else "open"
    await turn.session.flush()
    if was != "full" and room.state == "full":
        code = await group_chats.open_code(turn.session, rule)
        if code is None and not rule.paused:
            await ask_for_room(turn, room, rule)


async def _judge(
    room: GroupChat, rule: GroupRule, came: Sequence[GroupMember], turn: Settling
) -> None:
    """New faces: invited ones have used their invite; a stranger is shown to the owner, once."""
    ids = {member.customer_id for member in came if member.customer_id is not None}
    if not ids:
        return
    invited = await invites.joined(turn.session, room, ids, turn.now)
    fits = await group_chats.belonging(turn.session, rule, ids - invited, turn.now)
    twice = await group_chats.seated_twice(turn.session, room, ids)
    for member in came:
        allowed = member.customer_id in invited or member.customer_id in fits
        if allowed and member.customer_id is not None:
            await _tag(room, rule, member.customer_id, turn)
        reason = "no_invite" if not allowed else "duplicate"
        if member.flagged_at is None and (not allowed or member.customer_id in twice):
            member.flagged_at, member.flag_reason = turn.now, reason
            await ask_about_stranger(turn, room, member)


async def _tag(room: GroupChat, rule: GroupRule, customer_id: int, turn: Settling) -> None:
    await tags.put(
        turn.session,
        customer_id=customer_id,
        tag=TAGS[rule.kind],
        source="group",
        evidence={"group": room.chat_id, "rule": rule.key},
        now=turn.now,
    )


async def _open_way(room: GroupChat, rule: GroupRule, turn: Settling) -> None:
    """A room that is new to us: the platform made it behind our code, or a person made it by hand."""
    rooms = await group_chats.rooms_of(turn.session, rule.key)
    config = next((other.config_id for other in rooms if other.config_id), None)
    if config is None:
        await group_chats.owe_code(turn.session, turn.vault, rule, turn.now)
    else:
        await group_chats.owe_look_at_code(
            turn.session, turn.vault, config, cause=room.chat_id, now=turn.now
        )


async def _look_again(call: GetGroupChat, owed: Claimed, room: GroupChat, turn: Settling) -> None:
    """Once more, when the answer is older than the event that made us look."""
    _, _, version = owed.effect.split(":", 2)
    trails = version.startswith("v") and version != f"v{room.version}"
    if not trails or version.endswith(":again"):
        return
    await turn.owe(call, effect=f"{owed.effect}:again", due_at=turn.now + LAG)


@settled.on(AddJoinWay)
async def way_made(_call: AddJoinWay, outcome: Outcome, _owed: Claimed, turn: Settling) -> None:
    """The code itself must be asked for."""
    if isinstance(outcome, Sent) and outcome.answer.get("config_id"):
        config_id = outcome.answer["config_id"]
        await group_chats.owe_look_at_code(
            turn.session, turn.vault, config_id, cause="made", now=turn.now
        )


@settled.on(UpdateJoinWay)
async def way_changed(
    call: UpdateJoinWay, outcome: Outcome, owed: Claimed, turn: Settling
) -> None:
    if isinstance(outcome, Sent):
        await group_chats.owe_look_at_code(
            turn.session, turn.vault, call.config_id, cause=f"changed-{owed.id}", now=turn.now
        )


@settled.on(GetJoinWay)
async def way_seen(call: GetJoinWay, outcome: Outcome, _owed: Claimed, turn: Settling) -> None:
    if not isinstance(outcome, Sent) or not outcome.answer.get("join_way"):
        return
    await take_over_code(turn, call.config_id, outcome.answer["join_way"])


async def take_over_code(turn: Settling, config_id: str, way: Mapping[str, Any]) -> None:
    rooms = await group_chats.remember_code(
        turn.session,
        config_id=config_id,
        chat_ids=way.get("chat_id_list", ()),
        qr_code=way.get("qr_code", ""),
        state=way.get("state", ""),
    )
    await turn.session.flush()
    for rule in await group_chats.live_rules(turn.session):
        if join_state(rule.key) == way.get("state"):
            await _complete(rule, rooms, turn)


async def _complete(rule: GroupRule, behind: Sequence[GroupChat], turn: Settling) -> None:
    """An open room of the family that the code does not lead to is put behind it."""
    family = await group_chats.rooms_of(turn.session, rule.key)
    if any(room.state == "open" and room not in behind for room in family):
        await group_chats.owe_code(turn.session, turn.vault, rule, turn.now)
