"""The corp's members, its apps and their menus."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Body, Call, Routes, page, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.tokens import calling_app
from bot.sandbox.world.entities import App, Guide

PRESSED = ("click", "scancode_push", "scancode_waitmsg", "location_select", "pic_weixin")
KINDS = (*PRESSED, "pic_sysphoto", "pic_photo_or_album", "view", "view_miniprogram")
routes = Routes()


def member_view(guide: Guide) -> dict[str, Any]:
    """No portrait, number or address: apps of today get those by OAuth only."""
    return {
        "userid": guide.userid,
        "name": guide.name,
        "department": [guide.department],
        "main_department": guide.department,
        "order": [0],
        "position": "导购",
        "is_leader_in_dept": [0],
        "direct_leader": [],
        "status": 1,
    }


@routes.get("/cgi-bin/user/get")
def get_member(stage: Stage, call: Call) -> Body:
    guide = stage.world.guides.get(call.text("userid", missing=40003))
    if guide is None or guide.resigned:
        raise Refuse(60111)
    return member_view(guide)


def _of_department(stage: Stage, call: Call) -> list[Guide]:
    department, deep = call.number("department_id", 1), call.maybe("fetch_child") == "1"
    return [
        guide
        for guide in stage.world.guides.values()
        if guide.resigned is None
        and (guide.department == department or (deep and department == 1))
    ]


@routes.get("/cgi-bin/user/simplelist", empty={"userlist": []})
def simple_list(stage: Stage, call: Call) -> Body:
    fields = ("userid", "name", "department")
    people = [member_view(guide) for guide in _of_department(stage, call)]
    return {"userlist": [{name: view[name] for name in fields} for view in people]}


@routes.get("/cgi-bin/user/list", empty={"userlist": []})
def full_list(stage: Stage, call: Call) -> Body:
    return {"userlist": [member_view(guide) for guide in _of_department(stage, call)]}


@routes.post("/cgi-bin/user/list_id", empty={"dept_user": [], "next_cursor": ""})
def list_ids(stage: Stage, call: Call) -> Body:
    people = [guide for guide in stage.world.guides.values() if guide.resigned is None]
    shown, following = page(call, people, default=10000, cap=10000)
    entries = [{"userid": guide.userid, "department": guide.department} for guide in shown]
    return {"dept_user": entries, "next_cursor": following}


@routes.get("/cgi-bin/department/list", empty={"department": []})
def departments(stage: Stage, _call: Call) -> Body:
    root = {"id": 1, "name": stage.world.corp.name, "parentid": 0, "order": 1}
    stores = [
        {"id": n, "name": store.name, "parentid": 1, "order": n}
        for n, store in enumerate(stage.world.stores, start=2)
    ]
    return {"department": [root, *stores]}


@routes.get("/cgi-bin/department/simplelist", empty={"department_id": []})
def department_ids(stage: Stage, _call: Call) -> Body:
    count = len(stage.world.stores)
    ids = [{"id": n, "parentid": 1 if n > 1 else 0, "order": n} for n in range(1, count + 2)]
    return {"department_id": ids}


def _own_app(stage: Stage, call: Call) -> App:
    app = calling_app(stage, call)
    if call.number("agentid", app.agent_id) != app.agent_id:
        raise Refuse(301002)
    return app


@routes.get("/cgi-bin/agent/get")
def agent(stage: Stage, call: Call) -> Body:
    app = _own_app(stage, call)
    people: list[dict[str, Any]] = [{"userid": userid} for userid in stage.world.guides]
    return {
        "agentid": app.agent_id,
        "name": app.name,
        "square_logo_url": "",
        "description": "",
        "allow_userinfos": {"user": people},
        "allow_partys": {"partyid": [1]},
        "allow_tags": {"tagid": []},
        "close": 0,
        "redirect_domain": "",
        "report_location_flag": 0,
        "isreportenter": 1,
        "home_url": "",
        **app.details,
    }


@routes.get("/cgi-bin/agent/list", empty={"agentlist": []})
def agents(stage: Stage, call: Call) -> Body:
    """Only the app whose token asks."""
    app = calling_app(stage, call)
    entry = {"agentid": app.agent_id, "name": app.name, "square_logo_url": ""}
    return {"agentlist": [entry]}


@routes.post("/cgi-bin/agent/set")
def set_agent(stage: Stage, call: Call) -> None:
    app, names = _own_app(stage, call), ("description", "redirect_domain", "home_url")
    switches = ("report_location_flag", "isreportenter")
    app.details |= {name: call.maybe(name) for name in names if name in call.body}
    app.details |= {name: call.number(name) for name in switches if name in call.body}
    app.name = call.maybe("name", app.name)


@routes.post("/cgi-bin/menu/create")
def create_menu(stage: Stage, call: Call) -> None:
    app, buttons = _own_app(stage, call), call.body.get("button") or []
    if not 1 <= len(buttons) <= 3:
        raise Refuse(40017, "button")
    for button in buttons:
        below = button.get("sub_button") or []
        if len(below) > 5:
            raise Refuse(40023, "sub_button")
        for item in [button, *below]:
            _check(item)
    app.menu = buttons


def _check(button: dict[str, Any]) -> None:
    if not button.get("name"):
        raise Refuse(40018, "name")
    if button.get("sub_button"):
        return
    kind = button.get("type", "")
    if kind not in KINDS:
        raise Refuse(40016, "type")
    if kind in PRESSED and (not button.get("key") or too_long(button["key"], size=128)):
        raise Refuse(40019, "key")
    if kind == "view" and (not button.get("url") or too_long(button["url"], size=1024)):
        raise Refuse(40020, "url")


@routes.get("/cgi-bin/menu/get", empty={"button": []})
def get_menu(stage: Stage, call: Call) -> Body:
    menu = _own_app(stage, call).menu
    if not menu:
        raise Refuse(46003)
    return {"button": menu}


@routes.get("/cgi-bin/menu/delete")
def delete_menu(stage: Stage, call: Call) -> None:
    _own_app(stage, call).menu = []
