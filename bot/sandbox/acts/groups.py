"""Group chats as people use them: scan, leave, invite, remove, rename, dissolve."""

from __future__ import annotations

from typing import Any

from bot.sandbox.acts.kinds import ActRefused, Args, customer_of, group_of, guide_of, last_part
from bot.sandbox.envelope import Field
from bot.sandbox.names import digest
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer, GroupChat, GroupMember, Message

INVITED, SCANNED = 1, 3  # groupchat/get; the event counts from 0
EVENT_SCENE = {INVITED: 0, SCANNED: 3}
LEFT, REMOVED = 0, 1


def tell(stage: Stage, change: str, group: GroupChat, more: list[Field] | None = None) -> None:
    fields: list[Field] = [("ChangeType", change), ("ChatId", group.chat_id), *(more or [])]
    facts: dict[str, Any] = {"chat_id": group.chat_id}
    stage.wecom_event("change_external_chat", fields, facts=facts, key=group.chat_id)


def _changed_members(
    stage: Stage, group: GroupChat, detail: str, scene: Field, ids: list[str]
) -> None:
    last = group.versions[-1][1]
    current = digest("version", group.chat_id, len(group.versions)).hex()[:32]
    group.versions.append((stage.clock.timestamp(), current))
    fields: list[Field] = [
        ("UpdateDetail", detail),
        scene,
        ("MemChangeCnt", len(ids)),
        ("MemChangeList", [("Item", member) for member in ids]),
        ("LastMemVer", last),
        ("CurMemVer", current),
    ]
    tell(stage, "update", group, fields)


def enter(
    stage: Stage,
    group: GroupChat,
    customer: Customer,
    *,
    scene: int,
    state: str = "",
    by: str = "",
) -> None:
    member = GroupMember(
        customer.external_userid, 2, stage.clock.timestamp(), scene, by, state, customer.name
    )
    group.members[customer.external_userid] = member
    customer.groups[group.chat_id] = None
    _changed_members(
        stage, group, "add_member", ("JoinScene", EVENT_SCENE[scene]), [customer.external_userid]
    )


def join_group(stage: Stage, args: Args) -> Args:
    """By a join way (the first group with room, else a new one), or invited into a chat."""
    customer = customer_of(stage, args)
    if "join_way" not in args:
        group = group_of(stage, args)
        if group.full():
            raise ActRefused("the group is full")
        if customer.external_userid in group.members:
            return {"chat_id": group.chat_id, "already": True}
        enter(stage, group, customer, scene=INVITED, by=str(args.get("by", group.owner)))
        return {"chat_id": group.chat_id}
    way, all_groups = _join_way(stage, str(args["join_way"])), stage.world.groups
    groups = [all_groups[key] for key in way["chat_id_list"] if key in all_groups]
    inside = [group for group in groups if customer.external_userid in group.members]
    if inside:
        return {"chat_id": inside[0].chat_id, "already": True}
    roomy = next((group for group in groups if not group.full()), None)
    group = roomy or _new_room(stage, way, groups)
    enter(stage, group, customer, scene=SCANNED, state=way.get("state", ""))
    return {"chat_id": group.chat_id, "created": roomy is None}


def _join_way(stage: Stage, name: str) -> dict[str, Any]:
    world, name = stage.world, last_part(name)
    way = world.join_ways.get(world.joins_by_state.get(name, name))
    if way is None:
        raise ActRefused(f"no join way {name}: the code no longer works")
    return way


def _new_room(stage: Stage, way: dict[str, Any], groups: list[GroupChat]) -> GroupChat:
    """All groups are full: the platform makes one, and says so only by a create event."""
    if not way.get("auto_create_room") or not groups:
        raise ActRefused("all groups are full")
    number = int(way.get("room_base_id") or 1)
    name = f"{way.get('room_base_name') or groups[0].name}{number}"
    way["room_base_id"] = number + 1
    group = found_group(stage, groups[-1].owner, name, capacity=groups[-1].capacity)
    way["chat_id_list"] = [*way["chat_id_list"], group.chat_id][-5:]
    return group


def found_group(stage: Stage, owner: str, name: str, *, capacity: int = 0) -> GroupChat:
    world, now = stage.world, stage.clock.timestamp()
    chat_id = world.names.make("wr", 32, "group", name, owner)
    group = GroupChat(chat_id, name, owner, capacity or world.settings.group_capacity, now)
    group.members[owner] = GroupMember(owner, 1, now, INVITED)
    group.versions.append((now, digest("version", chat_id, 0).hex()[:32]))
    world.groups[chat_id] = group
    tell(stage, "create", group)
    return group


def _leave(stage: Stage, group: GroupChat, customer: Customer, *, scene: int) -> None:
    if group.members.pop(customer.external_userid, None) is None:
        raise ActRefused("not in this group")
    customer.groups.pop(group.chat_id, None)
    _changed_members(stage, group, "del_member", ("QuitScene", scene), [customer.external_userid])


def leave_group(stage: Stage, args: Args) -> None:
    _leave(stage, group_of(stage, args), customer_of(stage, args), scene=LEFT)


def remove_member(stage: Stage, args: Args) -> None:
    _leave(stage, group_of(stage, args), customer_of(stage, args), scene=REMOVED)


def rename_group(stage: Stage, args: Args) -> None:
    group = group_of(stage, args)
    group.name = str(args["name"])
    tell(stage, "update", group, [("UpdateDetail", "change_name")])


def set_notice(stage: Stage, args: Args) -> None:
    group = group_of(stage, args)
    group.notice = str(args["text"])
    tell(stage, "update", group, [("UpdateDetail", "change_notice")])


def change_owner(stage: Stage, args: Args) -> None:
    group, guide = group_of(stage, args), guide_of(stage, args)
    group.owner = guide.userid
    group.members.setdefault(
        guide.userid, GroupMember(guide.userid, 1, stage.clock.timestamp(), INVITED)
    )
    tell(stage, "update", group, [("UpdateDetail", "change_owner")])


def say_group(stage: Stage, args: Args) -> None:
    """Anybody's line in a group; no app hears it."""
    group = group_of(stage, args)
    sender = customer_of(stage, args).id if "customer" in args else guide_of(stage, args).userid
    stage.group_message(
        group, Message(stage.now(), "group", sender, group.chat_id, str(args["text"]))
    )


def create_group(stage: Stage, args: Args) -> Args:
    owner = guide_of(stage, {"guide": args["owner"]})
    capacity = int(args.get("capacity", 0))
    group = found_group(stage, owner.userid, str(args["name"]), capacity=capacity)
    for member in args.get("members", []):
        customer = customer_of(stage, {"customer": member})
        enter(stage, group, customer, scene=INVITED, by=owner.userid)
    return {"chat_id": group.chat_id}


def dismiss_group(stage: Stage, args: Args) -> None:
    group = group_of(stage, args)
    del stage.world.groups[group.chat_id]
    for member in group.members:
        customer = stage.world.by_external.get(member)
        if customer:
            customer.groups.pop(group.chat_id, None)
    tell(stage, "dismiss", group)


ACTS = {
    "join_group": join_group,
    "leave_group": leave_group,
    "remove_member": remove_member,
    "rename_group": rename_group,
    "set_notice": set_notice,
    "change_owner": change_owner,
    "say_group": say_group,
    "create_group": create_group,
    "dismiss_group": dismiss_group,
}
