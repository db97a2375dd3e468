"""联系我: the QR codes that add a guide."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Body, Call, Routes, page, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage

BASE = "/cgi-bin/externalcontact"
CHANGEABLE = (
    "remark",
    "skip_verify",
    "style",
    "state",
    "user",
    "party",
    "expires_in",
    "chat_expires_in",
    "unionid",
    "mark_source",
    "conclusions",
)
MOST_WAYS, MOST_MEMBERS = 500_000, 100
FORTNIGHT = 14 * 86400
EMPTY_WAY: dict[str, Any] = {
    "style": 1,
    "remark": "",
    "skip_verify": True,
    "state": "",
    "user": [],
    "party": [],
    "is_temp": False,
    "is_exclusive": False,
    "mark_source": True,
}
routes = Routes()


def qr_url(stage: Stage, config_id: str) -> str:
    return f"{stage.base_url}/qr/{config_id}"


def members(stage: Stage, way: dict[str, Any]) -> list[str]:
    """Who may be met through it: its members, and those of its departments."""
    guides, parties = stage.world.guides.values(), way.get("party") or []
    here = [guide.userid for guide in guides if guide.department in parties or 1 in parties]
    return list(dict.fromkeys([*(way.get("user") or []), *here]))


def _checked(stage: Stage, call: Call, kind: int) -> dict[str, Any]:
    users = call.items("user", cap=500)
    for userid in users:
        stage.guide(userid)
    if kind == 1 and (len(users) != 1 or call.body.get("party")):
        raise Refuse(40058, "type 1 takes exactly one user")
    if len(members(stage, call.body)) > MOST_MEMBERS:
        raise Refuse(41041)
    _check_temporary(call)
    for name in ("state", "remark"):
        if too_long(call.maybe(name), size=30, chars=True):
            raise Refuse(40058, f"{name} too long")
    return {name: call.body[name] for name in CHANGEABLE if call.body.get(name) is not None}


def _check_temporary(call: Call) -> None:
    for name in ("expires_in", "chat_expires_in"):
        if name in call.body and not 0 < call.number(name) <= FORTNIGHT:
            raise Refuse(40058, name)
    said = str(((call.body.get("conclusions") or {}).get("text") or {}).get("content") or "")
    if too_long(said, size=4000):
        raise Refuse(45002, "conclusions")


@routes.post(BASE + "/add_contact_way", empty={"config_id": "", "qr_code": ""})
def add_way(stage: Stage, call: Call) -> Body:
    kind, scene = call.number("type", 0), call.number("scene", 0)
    if kind not in (1, 2):
        raise Refuse(41039 if kind else 41037)
    if scene not in (1, 2):
        raise Refuse(41040 if scene else 41038)
    if not call.body.get("user") and not call.body.get("party"):
        raise Refuse(40058, "user or party")
    if len(stage.world.contact_ways) + len(stage.world.join_ways) >= MOST_WAYS:
        raise Refuse(41045)
    given = _checked(stage, call, kind)
    config_id = stage.world.names.hex(32, "contact-way", fingerprint(call.body))
    flags = {
        name: bool(call.body[name]) for name in ("is_temp", "is_exclusive") if name in call.body
    }
    head = {"config_id": config_id, "type": kind, "scene": scene}
    stage.world.contact_ways[config_id] = (
        EMPTY_WAY | given | flags | head | {"created": call.stamp}
    )
    _index_state(stage, config_id)
    body = {"config_id": config_id}
    return body | ({"qr_code": qr_url(stage, config_id)} if scene == 2 else {})


def _index_state(stage: Stage, config_id: str) -> None:
    state = stage.world.contact_ways[config_id].get("state")
    if state:
        stage.world.ways_by_state[state] = config_id


def _way(stage: Stage, call: Call) -> dict[str, Any]:
    way = stage.world.contact_ways.get(call.text("config_id", missing=41043))
    if way is None:
        raise Refuse(41044)
    return way


@routes.post(BASE + "/get_contact_way", empty={"contact_way": {}})
def get_way(stage: Stage, call: Call) -> Body:
    way = EMPTY_WAY | _way(stage, call)
    del way["created"]
    if way["scene"] == 2:
        way["qr_code"] = qr_url(stage, way["config_id"])
    return {"contact_way": {"conclusions": {}, **way}}


@routes.post(BASE + "/list_contact_way", empty={"contact_way": [], "next_cursor": ""})
def list_ways(stage: Stage, call: Call) -> Body:
    begin, end = (
        call.number("start_time", call.stamp - 90 * 86400),
        call.number("end_time", call.stamp),
    )
    ways = [way for way in stage.world.contact_ways.values() if begin <= way["created"] <= end]
    shown, following = page(call, ways, default=100, cap=1000)
    entries = [{"config_id": way["config_id"]} for way in shown]
    return {"contact_way": entries, "next_cursor": following}


@routes.post(BASE + "/update_contact_way")
def update_way(stage: Stage, call: Call) -> None:
    way = _way(stage, call)
    changes = _checked(stage, call, way["type"] if "user" in call.body else 2)
    if stage.world.ways_by_state.get(way.get("state", "")) == way["config_id"]:
        del stage.world.ways_by_state[way["state"]]
    way.update(changes)
    _index_state(stage, way["config_id"])


@routes.post(BASE + "/del_contact_way")
def delete_way(stage: Stage, call: Call) -> None:
    way = _way(stage, call)
    del stage.world.contact_ways[way["config_id"]]
    if stage.world.ways_by_state.get(way.get("state", "")) == way["config_id"]:
        del stage.world.ways_by_state[way["state"]]
