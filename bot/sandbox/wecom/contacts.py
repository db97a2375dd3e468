"""Customers: lists, details, remarks. Nothing here calls back: the platform is silent about what an app does itself."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Body, Call, Routes, cursor_at, page, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.names import digest
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer, Follow
from bot.sandbox.world.state import World

BASE = "/cgi-bin/externalcontact"
routes = Routes()


@routes.get(BASE + "/get_follow_user_list", empty={"follow_user": []})
def follow_users(stage: Stage, _call: Call) -> Body:
    guides = stage.world.guides.values()
    return {"follow_user": [guide.userid for guide in guides if guide.resigned is None]}


@routes.get(BASE + "/list", empty={"external_userid": []})
def list_customers(stage: Stage, call: Call) -> Body:
    guide = stage.guide(call.text("userid", missing=40003))
    if not guide.follows:
        raise Refuse(84061)
    return {"external_userid": list(guide.follows)}


def contact_view(world: World, customer: Customer) -> dict[str, Any]:
    view: dict[str, Any] = {
        "external_userid": customer.external_userid,
        "name": customer.name,
        "type": 1,
        "avatar": "",
        "gender": customer.gender,
    }
    if world.corp.binds_unionid:
        view["unionid"] = customer.unionid
    return view


def follow_view(tie: Follow) -> dict[str, Any]:
    view: dict[str, Any] = {
        "userid": tie.userid,
        "remark": tie.remark,
        "description": tie.description,
        "createtime": tie.created,
        "remark_mobiles": tie.remark_mobiles,
        "oper_userid": tie.external_userid,
        "add_way": tie.add_way,
    }
    if tie.remark_company:
        view["remark_corp_name"] = tie.remark_company
    if tie.state:
        view["state"] = tie.state
    return view


def tag_views(world: World, tie: Follow) -> list[dict[str, Any]]:
    marked = [world.tags[tag] for tag in tie.tags if tag in world.tags]
    corp = [
        {
            "group_name": world.tag_groups[tag.group_id].name,
            "tag_name": tag.name,
            "tag_id": tag.id,
            "type": 1,
        }
        for tag in marked
    ]
    return corp + [{"group_name": "", "tag_name": name, "type": 2} for name in tie.personal_tags]


@routes.get(BASE + "/get", empty={"external_contact": {}, "follow_user": []})
def get_customer(stage: Stage, call: Call) -> Body:
    customer = stage.external(call.text("external_userid", missing=41035))
    ties = [tie for tie in customer.follows.values() if not tie.half]
    if not ties:
        raise Refuse(84061)
    begin = call.offset()
    shown = [
        follow_view(tie) | {"tags": tag_views(stage.world, tie)}
        for tie in ties[begin : begin + 500]
    ]
    body: Body = {"external_contact": contact_view(stage.world, customer), "follow_user": shown}
    if begin + 500 < len(ties):
        body["next_cursor"] = cursor_at(begin + 500)
    return body


@routes.post(BASE + "/batch/get_by_user", empty={"external_contact_list": [], "next_cursor": ""})
def batch_get(stage: Stage, call: Call) -> Body:
    userids = call.items("userid_list", cap=100, missing=40063)
    ties = [tie for userid in userids for tie in stage.guide(userid).follows.values()]
    if not ties:
        raise Refuse(84061)
    shown, following = page(call, ties, default=50, cap=100)
    world = stage.world
    entries = [
        {
            "external_contact": contact_view(world, world.by_external[tie.external_userid]),
            "follow_info": follow_view(tie) | {"tag_id": [t for t in tie.tags if t in world.tags]},
        }
        for tie in shown
    ]
    return {
        "external_contact_list": entries,
        "next_cursor": following,
        "fail_info": {"unlicensed_userid_list": []},
    }


REMARKS = {"remark": 20, "description": 150, "remark_company": 20}  # characters


@routes.post(BASE + "/remark")
def remark(stage: Stage, call: Call) -> None:
    tie = stage.follow(call.text("userid"), call.text("external_userid", missing=41035))
    given = [
        name for name in (*REMARKS, "remark_mobiles", "remark_pic_mediaid") if name in call.body
    ]
    if not given:
        raise Refuse(40058, "nothing to change")
    for name, size in REMARKS.items():
        if too_long(call.maybe(name), size=size, chars=True):
            raise Refuse(40058, f"{name} too long")
    for name in REMARKS:
        if name in call.body:
            setattr(tie, name, call.maybe(name))
    if "remark_mobiles" in call.body:
        tie.remark_mobiles = [mobile for mobile in call.items("remark_mobiles", cap=5) if mobile]


@routes.post(BASE + "/contact_list", empty={"info_list": [], "next_cursor": ""})
def contact_list(stage: Stage, call: Call) -> Body:
    """Everybody who is served: customers by guide, and strangers by the group they sit in."""
    customers = stage.world.customers.values()
    infos = [
        {
            "is_customer": True,
            "tmp_openid": _tmp_openid(customer),
            "external_userid": customer.external_userid,
            "name": customer.name,
            "follow_userid": tie.userid,
            "add_time": tie.created,
        }
        for customer in customers
        for tie in customer.follows.values()
        if not tie.half
    ]
    infos += [
        {
            "is_customer": False,
            "tmp_openid": _tmp_openid(customer),
            "chat_id": chat_id,
            "chat_name": stage.world.groups[chat_id].name,
            "add_time": stage.world.groups[chat_id].members[customer.external_userid].join_time,
        }
        for customer in customers
        if all(tie.half for tie in customer.follows.values())
        for chat_id in customer.groups
    ]
    shown, following = page(call, infos, default=1000, cap=1000)
    return {"info_list": shown, "next_cursor": following}


def _tmp_openid(customer: Customer) -> str:
    return "wo" + digest("tmp", customer.external_userid).hex()[:30]
