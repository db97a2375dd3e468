"""客户群: lists, details, owners. No API puts a customer into a group; people do that."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Body, Call, Routes, page
from bot.sandbox.errors import Refuse
from bot.sandbox.names import digest
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import GroupChat, GroupMember

BASE = "/cgi-bin/externalcontact/groupchat"
routes = Routes()


@routes.post(BASE + "/list", empty={"group_chat_list": [], "next_cursor": ""})
def list_groups(stage: Stage, call: Call) -> Body:
    owners = (call.body.get("owner_filter") or {}).get("userid_list") or []
    if len(owners) > 100:
        raise Refuse(40058, "owner_filter")
    if not owners and len(stage.world.guides) > 1000:
        raise Refuse(81017)
    call.number("limit")
    wanted, status = set(owners), call.number("status_filter", 0)
    found = [
        group
        for group in stage.world.groups.values()
        if (not wanted or group.owner in wanted) and status in (0, group.status)
    ]
    shown, following = page(call, found, default=100, cap=1000)
    entries = [{"chat_id": group.chat_id, "status": group.status} for group in shown]
    return {"group_chat_list": entries, "next_cursor": following}


def opengid(chat_id: str) -> str:
    """What a mini program inside the group would see."""
    return "tG" + digest("opengid", chat_id).hex()[:26]


def group_of(stage: Stage, chat_id: str) -> GroupChat:
    group = stage.world.groups.get(chat_id)
    if group is None:
        raise Refuse(40058, f"chat_id {chat_id}")
    return group


@routes.post(BASE + "/get", empty={"group_chat": {}})
def get_group(stage: Stage, call: Call) -> Body:
    group = group_of(stage, call.text("chat_id"))
    named = call.number("need_name", 0) == 1
    seen = call.stamp - stage.world.settings.details_lag
    versions = [version for at, version in group.versions if at <= seen]
    members = [m for m in group.members.values() if m.join_time <= seen or m.join_scene == 1]
    view = {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "create_time": group.created,
        "notice": group.notice,
        "member_list": [_member_view(stage, member, named=named) for member in members],
        "admin_list": [],
        "member_version": versions[-1] if versions else group.versions[0][1],
    }
    return {"group_chat": view}


def _member_view(stage: Stage, member: GroupMember, *, named: bool) -> dict[str, Any]:
    view: dict[str, Any] = {
        "userid": member.userid,
        "type": member.type,
        "join_time": member.join_time,
        "join_scene": member.join_scene,
        "group_nickname": "",
    }
    if member.invitor:
        view["invitor"] = {"userid": member.invitor}
    if member.state:
        view["state"] = member.state
    customer = stage.world.by_external.get(member.userid)
    guide = stage.world.guides.get(member.userid)
    if customer and stage.world.corp.binds_unionid:
        view["unionid"] = customer.unionid
    if named:
        view["name"] = customer.name if customer else guide.name if guide else member.name
    return view


@routes.post(BASE + "/onjob_transfer", empty={"failed_chat_list": []})
def transfer_onjob(stage: Stage, call: Call) -> Body:
    return _transfer(stage, call, resigned=False)


@routes.post(BASE + "/transfer", empty={"failed_chat_list": []})
def transfer_resigned(stage: Stage, call: Call) -> Body:
    return _transfer(stage, call, resigned=True)


def _transfer(stage: Stage, call: Call, *, resigned: bool) -> Body:
    taker = stage.guide(call.text("new_owner", missing=40003)).userid
    failed = []
    for chat_id in call.items("chat_id_list", cap=100, missing=40058):
        code = _why_not(stage, chat_id, taker, resigned=resigned, now=call.stamp)
        if code:
            failed.append({"chat_id": chat_id, "errcode": code, "errmsg": "transfer failed"})
            continue
        group = stage.world.groups[chat_id]
        group.owner = taker
        group.moved.append(call.stamp)
        group.status = 3 if resigned else 0
        group.members.setdefault(taker, GroupMember(taker, 1, call.stamp, 1))
    return {"failed_chat_list": failed}


def _why_not(stage: Stage, chat_id: str, taker: str, *, resigned: bool, now: int) -> int:
    group = stage.world.groups.get(chat_id)
    if group is None:
        return 90501
    if group.owner == taker:
        return 90504
    gone = stage.world.guides[group.owner].resigned is not None
    if gone != resigned:
        return 90500 if resigned else 90502
    recent = [at for at in group.moved if at > now - 90 * 86400]
    return 40128 if not resigned and len(recent) >= 2 else 0


def _figures(groups: list[GroupChat], begin: int, end: int) -> dict[str, int]:
    members = [m for group in groups for m in group.members.values() if m.join_time < end]
    lines = [
        (group.chat_id, message.sender)
        for group in groups
        for message in group.messages
        if begin <= message.t.timestamp() < end
    ]
    return {
        "new_chat_cnt": sum(begin <= group.created < end for group in groups),
        "chat_total": sum(group.created < end for group in groups),
        "chat_has_msg": len({chat for chat, _ in lines}),
        "new_member_cnt": sum(begin <= member.join_time < end for member in members),
        "member_total": len(members),
        "member_has_msg": len(set(lines)),
        "msg_total": len(lines),
    }


def _asked(call: Call) -> tuple[list[str], int, int]:
    owners = (call.body.get("owner_filter") or {}).get("userid_list") or []
    if not owners or len(owners) > 100:
        raise Refuse(40058, "owner_filter")
    begin = call.number("day_begin_time")
    end = call.number("day_end_time", begin) + 86400
    if end - begin > 31 * 86400:
        raise Refuse(40058, "at most 30 days")
    return owners, begin, end


@routes.post(BASE + "/statistic", empty={"items": [], "total": 0})
def statistic(stage: Stage, call: Call) -> Body:
    owners, begin, end = _asked(call)
    owned: dict[str, list[GroupChat]] = {owner: [] for owner in owners}
    for group in stage.world.groups.values():
        if group.owner in owned:
            owned[group.owner].append(group)
    items = [{"owner": o, "data": _figures(chats, begin, end)} for o, chats in owned.items()]
    return {"total": len(items), "next_offset": len(items), "items": items}


@routes.post(BASE + "/statistic_group_by_day", empty={"items": []})
def statistic_by_day(stage: Stage, call: Call) -> Body:
    owners, begin, end = _asked(call)
    chats = [group for group in stage.world.groups.values() if group.owner in owners]
    days = range(begin, end, 86400)
    return {
        "items": [{"stat_time": day, "data": _figures(chats, day, day + 86400)} for day in days]
    }
