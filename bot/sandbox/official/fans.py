"""Fans, their tags, and the black list."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.official.windows import customer_by_openid
from bot.sandbox.stage import Stage
from bot.sandbox.world.entities import Customer, Fan

PAGE = 10_000
routes = Routes()


def _openids(stage: Stage, *, tag: int | None = None) -> list[str]:
    fans = [customer.fan for customer in stage.world.by_openid.values() if customer.fan]
    here = [fan for fan in fans if fan.subscribed and (tag is None or tag in fan.tags)]
    return sorted(fan.openid for fan in here)


def _page(openids: list[str], after: str) -> Body:
    rest = [openid for openid in openids if openid > after]
    shown = rest[:PAGE]
    body: Body = {"count": len(shown), "next_openid": shown[-1] if shown else ""}
    return body | ({"data": {"openid": shown}} if shown else {})


@routes.get("/cgi-bin/user/get", bare=True)
def list_fans(stage: Stage, call: Call) -> Body:
    openids = _openids(stage)
    return {"total": len(openids), **_page(openids, call.maybe("next_openid"))}


def fan_view(stage: Stage, customer: Customer, fan: Fan) -> dict[str, Any]:
    """No nickname and no portrait: the platform gives neither since 2021."""
    view: dict[str, Any] = {"subscribe": int(fan.subscribed), "openid": fan.openid}
    if stage.world.corp.binds_unionid:
        view["unionid"] = customer.unionid
    if not fan.subscribed:
        return view
    number = fan.qr_scene.isdigit()
    return view | {
        "language": "zh_CN",
        "subscribe_time": fan.subscribe_time,
        "remark": fan.remark,
        "groupid": 0,
        "tagid_list": list(fan.tags),
        "subscribe_scene": fan.scene,
        "qr_scene": int(fan.qr_scene) if number else 0,
        "qr_scene_str": "" if number else fan.qr_scene,
    }


@routes.get("/cgi-bin/user/info", bare=True)
def fan_info(stage: Stage, call: Call) -> Body:
    return fan_view(stage, *customer_by_openid(stage, call.text("openid", missing=40003)))


@routes.post("/cgi-bin/user/info/batchget", bare=True)
def fan_infos(stage: Stage, call: Call) -> Body:
    asked = call.items("user_list", cap=100, missing=40032)
    found = [customer_by_openid(stage, str(one.get("openid", ""))) for one in asked]
    return {"user_info_list": [fan_view(stage, customer, fan) for customer, fan in found]}


@routes.post("/cgi-bin/user/info/updateremark")
def update_remark(stage: Stage, call: Call) -> None:
    _customer, fan = customer_by_openid(stage, call.text("openid", missing=40003))
    remark = call.maybe("remark")
    if too_long(remark, size=29, chars=True):
        raise Refuse(40058, "remark")
    fan.remark = remark


def _checked_name(stage: Stage, call: Call) -> str:
    name = str((call.body.get("tag") or {}).get("name") or "")
    if not name or too_long(name, size=30):
        raise Refuse(45158)
    if name in stage.world.official.tags.values():
        raise Refuse(45157)
    return name


@routes.post("/cgi-bin/tags/create", bare=True)
def create_tag(stage: Stage, call: Call) -> Body:
    tags, name = stage.world.official.tags, _checked_name(stage, call)
    if len(tags) >= 100:
        raise Refuse(45056)
    key = max(99, *tags) + 1
    tags[key] = name
    return {"tag": {"id": key, "name": name}}


@routes.get("/cgi-bin/tags/get", bare=True)
def list_tags(stage: Stage, _call: Call) -> Body:
    entries = [
        {"id": key, "name": name, "count": len(_openids(stage, tag=key))}
        for key, name in stage.world.official.tags.items()
    ]
    return {"tags": entries}


def _tag(stage: Stage, key: Any) -> int:
    if not isinstance(key, int) or key not in stage.world.official.tags:
        raise Refuse(45159)
    return key


def _own_tag(stage: Stage, call: Call) -> int:
    key = _tag(stage, (call.body.get("tag") or {}).get("id"))
    if key in (0, 1, 2):
        raise Refuse(45058)
    return key


@routes.post("/cgi-bin/tags/update")
def rename_tag(stage: Stage, call: Call) -> None:
    stage.world.official.tags[_own_tag(stage, call)] = _checked_name(stage, call)


@routes.post("/cgi-bin/tags/delete")
def delete_tag(stage: Stage, call: Call) -> None:
    key = _own_tag(stage, call)
    del stage.world.official.tags[key]
    for customer in stage.world.by_openid.values():
        if customer.fan:
            customer.fan.tags.pop(key, None)


@routes.post("/cgi-bin/user/tag/get", bare=True)
def tagged(stage: Stage, call: Call) -> Body:
    key = _tag(stage, call.body.get("tagid"))
    return _page(_openids(stage, tag=key), call.maybe("next_openid"))


@routes.post("/cgi-bin/tags/getidlist", bare=True)
def tags_of(stage: Stage, call: Call) -> Body:
    _customer, fan = customer_by_openid(stage, call.text("openid", missing=40003))
    return {"tagid_list": list(fan.tags)}


def _fans(stage: Stage, call: Call, *, most: int) -> list[Fan]:
    openids = call.items("openid_list", cap=most, missing=40032)
    return [customer_by_openid(stage, openid)[1] for openid in openids]


@routes.post("/cgi-bin/tags/members/batchtagging")
def tag_fans(stage: Stage, call: Call) -> None:
    key, fans = _tag(stage, call.body.get("tagid")), _fans(stage, call, most=50)
    if any(len(fan.tags.keys() | {key}) > 20 for fan in fans):
        raise Refuse(45059)
    for fan in fans:
        fan.tags[key] = None


@routes.post("/cgi-bin/tags/members/batchuntagging")
def untag_fans(stage: Stage, call: Call) -> None:
    key = _tag(stage, call.body.get("tagid"))
    for fan in _fans(stage, call, most=50):
        fan.tags.pop(key, None)


@routes.post("/cgi-bin/tags/members/batchblacklist")
def block(stage: Stage, call: Call) -> None:
    for fan in _fans(stage, call, most=20):
        fan.blacklisted = True


@routes.post("/cgi-bin/tags/members/batchunblacklist")
def unblock(stage: Stage, call: Call) -> None:
    for fan in _fans(stage, call, most=20):
        fan.blacklisted = False


@routes.post("/cgi-bin/tags/members/getblacklist", bare=True)
def blocked(stage: Stage, call: Call) -> Body:
    fans = [customer.fan for customer in stage.world.by_openid.values() if customer.fan]
    openids = sorted(fan.openid for fan in fans if fan.blacklisted)
    return {"total": len(openids), **_page(openids, call.maybe("begin_openid"))}
