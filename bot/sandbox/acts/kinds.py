"""What an act is given and how it says that it cannot happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.stage import Stage
from bot.sandbox.world.build import new_customer
from bot.sandbox.world.entities import Customer, GroupChat, Guide

Args = dict[str, Any]
Act = Callable[[Stage, Args], Any]


class ActRefused(Exception):
    """The world is not such that this could happen."""


def last_part(code: str) -> str:
    """A code may be given as the address that its picture holds."""
    return code.rpartition("/")[2] if "://" in code else code


def customer_of(stage: Stage, args: Args) -> Customer:
    """An unknown id together with a name is a new person."""
    key = str(args["customer"])
    found = stage.world.customers.get(key) or stage.world.by_external.get(key)
    if found:
        return found
    if "name" not in args:
        raise ActRefused(f"no customer {key}")
    return stage.world.admit(new_customer(stage.world, key, str(args["name"])))


def guide_of(stage: Stage, args: Args) -> Guide:
    guide = stage.world.guides.get(str(args["guide"]))
    if guide is None or guide.resigned:
        raise ActRefused(f"no guide {args['guide']}")
    return guide


def group_of(stage: Stage, args: Args) -> GroupChat:
    group = stage.world.groups.get(str(args["chat_id"]))
    if group is None:
        raise ActRefused(f"no group chat {args['chat_id']}")
    return group
