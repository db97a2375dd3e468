"""入群方式 and 入群欢迎语素材."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.contact_ways import MOST_WAYS, qr_url
from bot.sandbox.wecom.groups import group_of

BASE = "/cgi-bin/externalcontact/groupchat"
TEMPLATE = "/cgi-bin/externalcontact/group_welcome_template"
LENGTHS = {"remark": 30, "state": 30, "room_base_name": 40}
KEPT = (
    "scene",
    "remark",
    "auto_create_room",
    "room_base_name",
    "room_base_id",
    "state",
    "mark_source",
)
routes = Routes()


def _checked(stage: Stage, call: Call) -> dict[str, Any]:
    if call.number("scene", 0) not in (1, 2):
        raise Refuse(41040)
    chats = call.body.get("chat_id_list") or []
    if len(chats) > 5:
        raise Refuse(41091)
    if not chats:
        raise Refuse(40058, "chat_id_list")
    for chat_id in chats:
        group_of(stage, chat_id)
    for name, size in LENGTHS.items():
        if too_long(call.maybe(name), size=size, chars=True):
            raise Refuse(40058, f"{name} too long")
    given = {name: call.body[name] for name in KEPT if call.body.get(name) is not None}
    standard = {"remark": "", "auto_create_room": 1, "room_base_id": 1, "state": ""}
    return standard | given | {"chat_id_list": list(chats)}


@routes.post(BASE + "/add_join_way", empty={"config_id": ""})
def add_join_way(stage: Stage, call: Call) -> Body:
    if len(stage.world.contact_ways) + len(stage.world.join_ways) >= MOST_WAYS:
        raise Refuse(41045)
    way = _checked(stage, call)
    config_id = stage.world.names.hex(32, "join-way", fingerprint(call.body))
    stage.world.join_ways[config_id] = way | {"config_id": config_id}
    if way["state"]:
        stage.world.joins_by_state[way["state"]] = config_id
    return {"config_id": config_id}


def _way(stage: Stage, call: Call) -> dict[str, Any]:
    way = stage.world.join_ways.get(call.text("config_id", missing=41043))
    if way is None:
        raise Refuse(41044)
    return way


@routes.post(BASE + "/get_join_way", empty={"join_way": {}})
def get_join_way(stage: Stage, call: Call) -> Body:
    way = _way(stage, call)
    return {"join_way": way | {"qr_code": qr_url(stage, way["config_id"])}}


@routes.post(BASE + "/update_join_way")
def update_join_way(stage: Stage, call: Call) -> None:
    way = _way(stage, call)
    fresh = _checked(stage, call)
    _forget_state(stage, way)
    way.clear()
    way.update(fresh | {"config_id": call.text("config_id")})
    if way["state"]:
        stage.world.joins_by_state[way["state"]] = way["config_id"]


def _forget_state(stage: Stage, way: dict[str, Any]) -> None:
    if stage.world.joins_by_state.get(way["state"]) == way["config_id"]:
        del stage.world.joins_by_state[way["state"]]


@routes.post(BASE + "/del_join_way")
def delete_join_way(stage: Stage, call: Call) -> None:
    way = _way(stage, call)
    _forget_state(stage, way)
    del stage.world.join_ways[way["config_id"]]


@dataclass
class TemplateRoom:
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)


PARTS = ("text", "image", "link", "miniprogram", "file", "video", "agentid")


def _template(stage: Stage, call: Call) -> dict[str, Any]:
    template = stage.world.room(TemplateRoom).templates.get(call.text("template_id"))
    if template is None:
        raise Refuse(40058, "template_id")
    return template


def _parts(call: Call, *, most: int) -> dict[str, Any]:
    parts = {name: call.body[name] for name in PARTS if call.body.get(name) is not None}
    if too_long(str((parts.get("text") or {}).get("content") or ""), size=most):
        raise Refuse(45002)
    if not parts.keys() - {"agentid"}:
        raise Refuse(44004)
    return parts


@routes.post(TEMPLATE + "/add", empty={"template_id": ""})
def add_template(stage: Stage, call: Call) -> Body:
    templates = stage.world.room(TemplateRoom).templates
    if len(templates) >= 100:
        raise Refuse(41055)
    parts = _parts(call, most=3000)
    template_id = stage.world.names.make("msgXXXX", 32, "group-welcome", fingerprint(call.body))
    templates[template_id] = parts
    return {"template_id": template_id}


@routes.post(TEMPLATE + "/edit")
def edit_template(stage: Stage, call: Call) -> None:
    template, parts = _template(stage, call), _parts(call, most=4000)
    template.clear()
    template.update(parts)


@routes.post(TEMPLATE + "/get", empty={"text": {}})
def get_template(stage: Stage, call: Call) -> Body:
    return _template(stage, call)


@routes.post(TEMPLATE + "/del")
def delete_template(stage: Stage, call: Call) -> None:
    _template(stage, call)
    del stage.world.room(TemplateRoom).templates[call.text("template_id")]
