"""Group chats in the database: rules, rooms with their codes, members, and how alive they are."""

from __future__ import annotations

from bot.store.group_chats.facts import facts_of
from bot.store.group_chats.health import Health, orphans, overview
from bot.store.group_chats.members import (
    RoomFacts,
    back_in,
    belonging,
    outgrown,
    overstayed,
    room_of,
    seat,
    seated_twice,
    seats,
)
from bot.store.group_chats.rooms import (
    Code,
    adopt,
    codes,
    dissolve,
    eligible,
    forget_code,
    is_member,
    join_link,
    look_at,
    open_code,
    owe_code,
    owe_look_at_code,
    remember_code,
    rooms_of,
)
from bot.store.group_chats.rules import (
    live_rules,
    preview,
    publish,
    publish_rules,
    republish,
    rule_of,
)

__all__ = [
    "Code",
    "Health",
    "RoomFacts",
    "adopt",
    "back_in",
    "belonging",
    "codes",
    "dissolve",
    "eligible",
    "facts_of",
    "forget_code",
    "is_member",
    "join_link",
    "live_rules",
    "look_at",
    "open_code",
    "orphans",
    "outgrown",
    "overstayed",
    "overview",
    "owe_code",
    "owe_look_at_code",
    "preview",
    "publish",
    "publish_rules",
    "remember_code",
    "republish",
    "room_of",
    "rooms_of",
    "rule_of",
    "seat",
    "seated_twice",
    "seats",
]
