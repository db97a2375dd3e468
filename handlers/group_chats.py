"""Group chats as the platform tells of them, and the rules that people publish."""

from __future__ import annotations

from bot.domain.segments import parse, read_back
from bot.events import (
    GroupChatChanged,
    GroupChatCreated,
    GroupChatDismissed,
    GroupMembersJoined,
    GroupMembersLeft,
    PublishGroupRule,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import group_chats

router = Router()


@router.on(GroupChatCreated)
async def created(event: GroupChatCreated, turn: Turn) -> None:
    await _look(turn, event.chat_id, turn.key)


@router.on(GroupChatChanged)
async def changed(event: GroupChatChanged, turn: Turn) -> None:
    await _look(turn, event.chat_id, turn.key)


@router.on(GroupMembersJoined)
async def joined(event: GroupMembersJoined, turn: Turn) -> None:
    await _look(turn, event.chat_id, f"v{event.version}" if event.version else turn.key)


@router.on(GroupMembersLeft)
async def left(event: GroupMembersLeft, turn: Turn) -> None:
    await _look(turn, event.chat_id, f"v{event.version}" if event.version else turn.key)


async def _look(turn: Turn, chat_id: str, version: str) -> None:
    await group_chats.look_at(turn.session, turn.vault, chat_id, version=version, now=turn.now)


@router.on(GroupChatDismissed)
async def dismissed(event: GroupChatDismissed, turn: Turn) -> None:
    await group_chats.dissolve(turn.session, turn.vault, event.chat_id, turn.now)


@router.on(PublishGroupRule)
async def publish_rule(event: PublishGroupRule, turn: Turn) -> Answer:
    published = await group_chats.republish(
        turn.session,
        event.group,
        rule=event.rule,
        changes=event.settings,
        by=str(event.actor),
        now=turn.now,
    )
    return Answer(
        {
            "group": published.key,
            "version": published.version,
            "customers": await group_chats.preview(turn.session, published.rule, turn.now),
            "words": read_back(parse(published.rule)),
        }
    )
