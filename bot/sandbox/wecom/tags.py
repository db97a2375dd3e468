"""Corp tags and their marks on a pair guide × customer."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Tag, TagGroup
from bot.sandbox.world.state import World

BASE = "/cgi-bin/externalcontact"
MOST_TAGS = 10_000
MOST_MARKS = 3000
routes = Routes()


def group_view(group: TagGroup, only: set[str] | None = None) -> dict[str, Any]:
    tags = [
        {"id": tag.id, "name": tag.name, "create_time": tag.created, "order": tag.order}
        for tag in sorted(group.tags.values(), key=lambda tag: -tag.order)
        if only is None or tag.id in only
    ]
    return {
        "group_id": group.id,
        "group_name": group.name,
        "create_time": group.created,
        "order": group.order,
        "tag": tags,
    }


@routes.post(BASE + "/get_corp_tag_list", empty={"tag_group": []})
def list_tags(stage: Stage, call: Call) -> Body:
    world = stage.world
    group_ids, tag_ids = call.items("group_id", cap=1000), call.items("tag_id", cap=1000)
    groups = sorted(world.tag_groups.values(), key=lambda group: -group.order)
    if group_ids:
        wanted = set(group_ids)
        return {"tag_group": [group_view(group) for group in groups if group.id in wanted]}
    if tag_ids:
        only = set(tag_ids)
        return {"tag_group": [group_view(g, only) for g in groups if only & g.tags.keys()]}
    return {"tag_group": [group_view(group) for group in groups]}


def group_named(world: World, name: str) -> TagGroup | None:
    return next((group for group in world.tag_groups.values() if group.name == name), None)


def new_group(
    world: World, name: str, now: int, *, order: int = 0, by_app: bool = True
) -> TagGroup:
    made = TagGroup(world.names.make("et", 32, "tag-group", name), name, now, order, by_app=by_app)
    world.tag_groups[made.id] = made
    return made


def new_tag(world: World, group: TagGroup, name: str, now: int, *, order: int = 0) -> Tag:
    if (group.name, name) in world.tag_names:
        raise Refuse(40071, name)
    if len(world.tags) >= MOST_TAGS:
        raise Refuse(40126)
    tag_id = world.names.make("et", 32, "tag", group.name, name)
    tag = Tag(tag_id, name, group.id, now, order, group.by_app)
    group.tags[tag.id] = world.tags[tag.id] = tag
    world.tag_names[group.name, name] = tag.id
    return tag


@routes.post(BASE + "/add_corp_tag", empty={"tag_group": {}})
def add_tags(stage: Stage, call: Call) -> Body:
    world = stage.world
    wanted = {str(tag.get("name", "")): tag for tag in call.items("tag", cap=100, missing=40063)}
    group_name = call.maybe("group_name")
    names = [*wanted, group_name]
    if "" in wanted or any(too_long(name, size=30, chars=True) for name in names):
        raise Refuse(40058, "tag name")
    group = _wanted_group(world, call, group_name)
    taken = [name for name in wanted if group and (group.name, name) in world.tag_names]
    if taken:
        raise Refuse(40071, taken[0])
    if group is None:
        group = new_group(world, group_name, call.stamp, order=call.number("order", 0))
    made = {
        new_tag(world, group, name, call.stamp, order=int(tag.get("order") or 0)).id
        for name, tag in wanted.items()
    }
    return {"tag_group": group_view(group, made)}


def _wanted_group(world: World, call: Call, name: str) -> TagGroup | None:
    group_id = call.maybe("group_id")
    if group_id:
        if group_id not in world.tag_groups:
            raise Refuse(40068, group_id)
        return world.tag_groups[group_id]
    if not name:
        raise Refuse(40058, "group_id or group_name")
    return group_named(world, name)


@routes.post(BASE + "/edit_corp_tag")
def edit_tag(stage: Stage, call: Call) -> None:
    world, key = stage.world, call.text("id")
    thing = world.tags.get(key) or world.tag_groups.get(key)
    if thing is None:
        raise Refuse(40068, key)
    if not thing.by_app:
        raise Refuse(81011)
    if "order" in call.body:
        thing.order = call.number("order")
    name = call.maybe("name")
    if too_long(name, size=30, chars=True):
        raise Refuse(40058, "name too long")
    if name and name != thing.name:
        rename(world, thing, name)


def rename(world: World, thing: Tag | TagGroup, name: str) -> None:
    if isinstance(thing, Tag):
        group = world.tag_groups[thing.group_id].name
        if (group, name) in world.tag_names:
            raise Refuse(40071, name)
        world.tag_names[group, name] = world.tag_names.pop((group, thing.name))
    else:
        if group_named(world, name):
            raise Refuse(40071, name)
        for tag in thing.tags.values():
            world.tag_names[name, tag.name] = world.tag_names.pop((thing.name, tag.name))
    thing.name = name


@routes.post(BASE + "/del_corp_tag")
def delete_tags(stage: Stage, call: Call) -> None:
    world = stage.world
    tags, groups = call.items("tag_id", cap=1000), call.items("group_id", cap=1000)
    things = [world.tags.get(key) for key in tags] + [world.tag_groups.get(key) for key in groups]
    if not things or None in things:
        raise Refuse(40068)
    if not all(thing.by_app for thing in things if thing):
        raise Refuse(81011)
    for thing in things:
        if isinstance(thing, Tag):
            drop_tag(world, thing)
        elif isinstance(thing, TagGroup):
            drop_group(world, thing)


def drop_tag(world: World, tag: Tag) -> TagGroup | None:
    """The group, when it died with its last tag."""
    group = world.tag_groups.get(tag.group_id)
    world.tags.pop(tag.id, None)
    if group is None:
        return None
    world.tag_names.pop((group.name, tag.name), None)
    group.tags.pop(tag.id, None)
    if group.tags:
        return None
    del world.tag_groups[group.id]
    return group


def drop_group(world: World, group: TagGroup) -> None:
    for tag in list(group.tags.values()):
        drop_tag(world, tag)
    world.tag_groups.pop(group.id, None)


def _pair(call: Call) -> str:
    return f"{call.maybe('userid')} {call.maybe('external_userid')}"


@routes.post(BASE + "/mark_tag", exclusive=_pair, busy=45035)
def mark_tag(stage: Stage, call: Call) -> None:
    tie = stage.follow(call.text("userid"), call.text("external_userid", missing=41035))
    add, remove = call.items("add_tag", cap=3000), call.items("remove_tag", cap=3000)
    if not add and not remove:
        raise Refuse(40058, "add_tag or remove_tag")
    if any(tag not in stage.world.tags for tag in add):
        raise Refuse(40068)
    if len(tie.tags.keys() | set(add)) > MOST_MARKS:
        raise Refuse(40126)
    for tag in remove:
        tie.tags.pop(tag, None)
    tie.tags.update(dict.fromkeys(add))
