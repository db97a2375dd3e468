"""Customer group chats, as WeCom tells of them. Details must be fetched: an event names counts, not always people."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.vocabulary import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatEvent(Event):
    chat_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatCreated(GroupChatEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatDismissed(GroupChatEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChatChanged(GroupChatEvent):
    """Owner, name or notice changed."""

    detail: str
    """change_owner, change_name or change_notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersChanged(GroupChatEvent):
    members: tuple[str, ...]
    """Ids of those who came or went; may be external_userids or userids."""
    join_scene: int | None = None
    """0 invited, 3 by QR code."""
    quit_scene: int | None = None
    """0 left, 1 removed."""
    count: int = 0
    last_version: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersJoined(GroupMembersChanged):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersLeft(GroupMembersChanged):
    pass
