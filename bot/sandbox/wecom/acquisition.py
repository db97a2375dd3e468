"""获客助手: links that add a guide; each customer they win uses up one of a bought quota."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, page, too_long
from bot.sandbox.envelope import Field
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Follow, Link

BASE = "/cgi-bin/externalcontact/customer_acquisition"
MOST_LINKS, MOST_MEMBERS = 10_000, 500
LOW = 20
KEY_LIFETIME = timedelta(minutes=30)
routes = Routes()


@dataclass
class AcquisitionRoom:
    used: int = 0
    bought: int = 0  # beside the setting's
    chat_keys: dict[str, tuple[Follow, datetime]] = field(default_factory=dict)


def balance(stage: Stage) -> int:
    room = stage.world.room(AcquisitionRoom)
    return stage.world.settings.acquisition_quota + room.bought - room.used


def tell(stage: Stage, change: str, more: list[Field] | None = None) -> None:
    fields: list[Field] = [("ChangeType", change), *(more or [])]
    facts = {name: value for name, value in fields[1:] if isinstance(value, str | int)}
    stage.wecom_event("customer_acquisition", fields, facts=facts, key="acquisition")


def won(stage: Stage, tie: Follow) -> None:
    """A customer came through a link: the quota sinks, and the corp hears when it gets low."""
    link = stage.world.links.get(tie.link_id)
    if link is None:
        return
    link.won.append(tie)
    stage.world.room(AcquisitionRoom).used += 1
    left = balance(stage)
    if left in (0, LOW - 1):
        tell(stage, "balance_low" if left else "balance_exhausted")


def spoke(stage: Stage, tie: Follow) -> str:
    """Her first word is told; from her third on there is a key to the talk's figures."""
    if tie.link_id not in stage.world.links:
        return ""
    if tie.received == 1:
        who: list[Field] = [("UserID", tie.userid), ("ExternalUserID", tie.external_userid)]
        state: list[Field] = [("State", tie.state)] if tie.state else []
        tell(stage, "customer_start_chat", [("LinkId", tie.link_id), *who, *state])
    if tie.received < 3:
        return ""
    key = stage.world.names.make("CHAT", 43, "chat-key", tie.userid, tie.external_userid)
    stage.world.room(AcquisitionRoom).chat_keys[key] = (tie, stage.now() + KEY_LIFETIME)
    return key


def link_of(stage: Stage, call: Call) -> Link:
    link = stage.world.links.get(call.text("link_id"))
    if link is None:
        raise Refuse(40058, "link_id")
    return link


def _range(stage: Stage, call: Call) -> tuple[list[str], list[int]]:
    given = call.body.get("range") or {}
    users, departments = given.get("user_list") or [], given.get("department_list") or []
    for userid in users:
        stage.guide(str(userid))
    if not users and not departments:
        raise Refuse(40058, "range")
    if len(users) > MOST_MEMBERS:
        raise Refuse(40058, "range.user_list")
    return list(users), list(departments)


def _name(call: Call) -> str:
    name = call.text("link_name")
    if too_long(name, size=30, chars=True):
        raise Refuse(40058, "link_name too long")
    return name


def _priority(call: Call) -> dict[str, Any] | None:
    given = call.body.get("priority_option")
    if given is not None and given.get("priority_type") not in (1, 2):
        raise Refuse(40058, "priority_type")
    if given and given["priority_type"] == 2 and not given.get("priority_userid_list"):
        raise Refuse(40058, "priority_userid_list")
    return dict(given) if given else None


def _view(stage: Stage, link: Link) -> dict[str, Any]:
    return {
        "link_id": link.link_id,
        "link_name": link.name,
        "url": f"{stage.base_url}/ca/{link.link_id}",
        "create_time": link.created,
        "skip_verify": link.skip_verify,
        "mark_source": link.mark_source,
    }


@routes.post(BASE + "/list_link", empty={"link_id_list": [], "next_cursor": ""})
def list_links(stage: Stage, call: Call) -> Body:
    shown, following = page(call, list(stage.world.links), default=100, cap=100)
    return {"link_id_list": shown, "next_cursor": following}


@routes.post(BASE + "/get", empty={"link": {}})
def get_link(stage: Stage, call: Call) -> Body:
    link = link_of(stage, call)
    reach = {"user_list": link.users, "department_list": link.departments}
    priority = {"priority_option": link.priority} if link.priority else {}
    return {"link": _view(stage, link), "range": reach, **priority}


@routes.post(BASE + "/create_link", empty={"link": {}})
def create_link(stage: Stage, call: Call) -> Body:
    if len(stage.world.links) >= MOST_LINKS:
        raise Refuse(41095)
    name, (users, departments), priority = _name(call), _range(stage, call), _priority(call)
    link_id = stage.world.names.make("caw", 18, "link", fingerprint(call.body))
    link = Link(link_id, name, users, departments, call.stamp, priority=priority)
    link.skip_verify = bool(call.body.get("skip_verify", True))
    link.mark_source = bool(call.body.get("mark_source", True))
    stage.world.links[link_id] = link
    return {"link": _view(stage, link)}


@routes.post(BASE + "/update_link")
def update_link(stage: Stage, call: Call) -> None:
    link = link_of(stage, call)
    name = _name(call) if "link_name" in call.body else link.name
    reach = _range(stage, call) if "range" in call.body else (link.users, link.departments)
    priority = _priority(call) if "priority_option" in call.body else link.priority
    link.name, (link.users, link.departments), link.priority = name, reach, priority
    link.skip_verify = bool(call.body.get("skip_verify", link.skip_verify))
    link.mark_source = bool(call.body.get("mark_source", link.mark_source))


@routes.post(BASE + "/delete_link")
def delete_link(stage: Stage, call: Call) -> None:
    del stage.world.links[link_of(stage, call).link_id]


@routes.post(BASE + "/customer", empty={"customer_list": [], "next_cursor": ""})
def link_customers(stage: Stage, call: Call) -> Body:
    shown, following = page(call, link_of(stage, call).won, default=500, cap=1000)
    entries = [
        {
            "external_userid": tie.external_userid,
            "userid": tie.userid,
            "chat_status": int(tie.received > 0),
            "state": tie.state,
        }
        for tie in shown
    ]
    return {"customer_list": entries, "next_cursor": following}


@routes.any(BASE + "_quota", empty={"total": 0, "balance": 0, "quota_list": []})
def quota(stage: Stage, call: Call) -> Body:
    """The documents say GET, a typed client POST: both answer."""
    left, expiry = balance(stage), call.stamp + 365 * 86400
    quotas = [{"expire_date": expiry, "balance": left}] if left > 0 else []
    used = stage.world.room(AcquisitionRoom).used
    return {"total": used, "balance": max(left, 0), "quota_list": quotas}


@routes.any(BASE + "/statistic", empty={"click_link_customer_cnt": 0, "new_customer_cnt": 0})
def statistic(stage: Stage, call: Call) -> Body:
    link = link_of(stage, call)
    begin, end = call.number("start_time"), call.number("end_time")
    if end < begin:
        raise Refuse(40058, "end_time")
    return {
        "click_link_customer_cnt": len({who for at, who in link.clicks if begin <= at <= end}),
        "new_customer_cnt": sum(begin <= tie.created <= end for tie in link.won),
    }


@routes.post(BASE + "/get_chat_info", empty={"userid": "", "external_userid": ""})
def chat_info(stage: Stage, call: Call) -> Body:
    keys = stage.world.room(AcquisitionRoom).chat_keys
    found = keys.get(call.text("chat_key"))
    if found is None or found[1] <= call.now:
        raise Refuse(40058, "chat_key")
    tie = found[0]
    info = {"recv_msg_cnt": tie.received, "link_id": tie.link_id, "state": tie.state}
    return {"userid": tie.userid, "external_userid": tie.external_userid, "chat_info": info}


@routes.get(BASE + "_app/get_permit", empty={"user_list": [], "department_list": []})
def permit(stage: Stage, _call: Call) -> Body:
    people = [guide.userid for guide in stage.world.guides.values() if guide.resigned is None]
    return {"user_list": people, "department_list": [], "tag_list": []}
