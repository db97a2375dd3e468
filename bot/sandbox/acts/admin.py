"""What the corp's administrator does in the console, and levers that no console has."""

from __future__ import annotations

from bot.sandbox.acts.kinds import ActRefused, Args, guide_of
from bot.sandbox.envelope import Field
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.oauth import issue_oauth_code
from bot.sandbox.wecom.tags import drop_group, drop_tag, group_named, new_group, new_tag, rename
from bot.sandbox.world.entities import Tag, TagGroup


def _tell_tag(stage: Stage, change: str, thing: Tag | TagGroup) -> None:
    kind = "tag" if isinstance(thing, Tag) else "tag_group"
    fields: list[Field] = [("ChangeType", change), ("Id", thing.id), ("TagType", kind)]
    stage.wecom_event("change_external_tag", fields, facts={"id": thing.id}, key="tags")


def create_tag(stage: Stage, args: Args) -> Args:
    name, now = str(args["group"]), stage.clock.timestamp()
    group = group_named(stage.world, name)
    if group is None:
        group = new_group(stage.world, name, now, by_app=bool(args.get("by_app", True)))
        _tell_tag(stage, "create", group)
    tag = new_tag(stage.world, group, str(args["name"]), now)
    _tell_tag(stage, "create", tag)
    return {"tag_id": tag.id, "group_id": group.id}


def _thing(stage: Stage, args: Args) -> Tag | TagGroup:
    key = str(args.get("id") or args.get("tag_id") or args.get("group_id") or "")
    thing = stage.world.tags.get(key) or stage.world.tag_groups.get(key)
    if thing is None and "group" in args:
        group = group_named(stage.world, str(args["group"]))
        named = stage.world.tag_names.get((str(args["group"]), str(args.get("tag", ""))))
        thing = stage.world.tags[named] if named else group
    if thing is None:
        raise ActRefused("no such tag")
    return thing


def rename_tag(stage: Stage, args: Args) -> None:
    thing = _thing(stage, args)
    rename(stage.world, thing, str(args["name"]))
    _tell_tag(stage, "update", thing)


def delete_tag(stage: Stage, args: Args) -> None:
    """Deleting a group says nothing about its tags; the last tag takes its group with it."""
    thing = _thing(stage, args)
    if isinstance(thing, TagGroup):
        drop_group(stage.world, thing)
        _tell_tag(stage, "delete", thing)
        return
    emptied = drop_tag(stage.world, thing)
    _tell_tag(stage, "delete", thing)
    if emptied:
        _tell_tag(stage, "delete", emptied)


def shuffle_tags(stage: Stage, args: Args) -> None:
    fields: list[Field] = [("ChangeType", "shuffle"), ("Id", str(args.get("group_id", "")))]
    stage.wecom_event("change_external_tag", fields, facts={}, key="tags")


def resign(stage: Stage, args: Args) -> None:
    """Her customers wait to be handed over, her groups for a new owner; no customer event tells."""
    guide = guide_of(stage, args)
    guide.resigned = stage.now()
    for group in stage.world.groups.values():
        if group.owner == guide.userid:
            group.status = 1


def revoke_token(stage: Stage, args: Args) -> Args:
    """The platform may end a token early."""
    tokens, app = stage.world.tokens, str(args.get("app", "wecom"))
    ended = [owner for owner in tokens.current if owner.partition(":")[0] == app]
    for owner in ended:
        tokens.revoke(owner)
    return {"revoked": len(ended)}


def set_quota(stage: Stage, args: Args) -> Args:
    """Settings of the world (mass_quota, calls_per_minute, …), or one group's `capacity`."""
    if "chat_id" in args:
        stage.world.groups[args["chat_id"]].capacity = int(args["capacity"])
        return {"capacity": int(args["capacity"])}
    known = type(stage.world.settings).model_fields
    changes = {name: value for name, value in args.items() if name in known}
    if not changes:
        raise ActRefused(f"one of {sorted(known)}")
    fresh = stage.world.settings.model_dump() | changes
    stage.world.settings = type(stage.world.settings).model_validate(fresh)
    stage.courier.settings = stage.world.settings
    return changes


def oauth_code(stage: Stage, args: Args) -> Args:
    """A code as the browser would bring it, for `person`: a guide's userid or a customer's id."""
    person = str(args.get("person") or args.get("guide") or args.get("customer"))
    return {"code": issue_oauth_code(stage, person, scope=str(args.get("scope", "snsapi_base")))}


ACTS = {
    "create_tag": create_tag,
    "rename_tag": rename_tag,
    "delete_tag": delete_tag,
    "shuffle_tags": shuffle_tags,
    "resign": resign,
    "revoke_token": revoke_token,
    "set_quota": set_quota,
    "change_settings": set_quota,
    "oauth_code": oauth_code,
}
