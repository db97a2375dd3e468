"""Menus and QR codes with a scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.official.windows import customer_by_openid
from bot.sandbox.stage import Stage

KINDS = (
    "click view scancode_push scancode_waitmsg pic_sysphoto pic_photo_or_album pic_weixin "
    "location_select media_id article_id article_view_limited miniprogram"
)
ACTIONS = (
    ("QR_SCENE", False),
    ("QR_STR_SCENE", False),
    ("QR_LIMIT_SCENE", True),
    ("QR_LIMIT_STR_SCENE", True),
)
PRIVATE = {"sex", "country", "province", "city", "language"}
routes = Routes()


def _check_menu(buttons: list[Any]) -> None:
    if not 1 <= len(buttons) <= 3:
        raise Refuse(40017)
    for button in buttons:
        _check_button(button, name_size=16)
        below = button.get("sub_button") or []
        if len(below) > 5:
            raise Refuse(40023)
        for item in below:
            _check_button(item, name_size=60)


def _check_button(button: dict[str, Any], *, name_size: int) -> None:
    if not button.get("name") or too_long(str(button["name"]), size=name_size):
        raise Refuse(40018)
    if button.get("sub_button"):
        return
    kind = button.get("type", "")
    if kind not in KINDS.split():
        raise Refuse(40016)
    if kind == "click" and (not button.get("key") or too_long(button["key"], size=128)):
        raise Refuse(40019)
    if kind == "view" and (not button.get("url") or too_long(button["url"], size=1024)):
        raise Refuse(40020)


@routes.post("/cgi-bin/menu/create")
def create_menu(stage: Stage, call: Call) -> None:
    buttons = call.body.get("button") or []
    _check_menu(buttons)
    stage.world.official.menu = buttons


@routes.get("/cgi-bin/menu/get", bare=True)
def get_menu(stage: Stage, _call: Call) -> Body:
    account = stage.world.official
    if not account.menu:
        raise Refuse(46003)
    body: Body = {"menu": {"button": account.menu, "menuid": 1}}
    if account.conditional:
        body["conditionalmenu"] = list(account.conditional.values())
    return body


@routes.get("/cgi-bin/menu/delete")
def delete_menu(stage: Stage, _call: Call) -> None:
    stage.world.official.menu = []
    stage.world.official.conditional.clear()


@routes.get("/cgi-bin/get_current_selfmenu_info", bare=True)
def self_menu(stage: Stage, _call: Call) -> Body:
    menu = stage.world.official.menu
    return {"is_menu_open": int(bool(menu)), "selfmenu_info": {"button": menu}}


@routes.post("/cgi-bin/menu/addconditional", bare=True)
def add_conditional(stage: Stage, call: Call) -> Body:
    account, rule = stage.world.official, call.body.get("matchrule") or {}
    if not account.menu:
        raise Refuse(65303)
    if not rule.keys() & {"tag_id", "client_platform_type"} and not rule.keys() & PRIVATE:
        raise Refuse(65301, "matchrule")
    if rule.keys() & PRIVATE:
        raise Refuse(65320)
    _check_menu(call.body.get("button") or [])
    menuid = stage.world.names.number(9, "menu", len(account.conditional))
    account.conditional[menuid] = {
        "button": call.body["button"],
        "matchrule": rule,
        "menuid": menuid,
    }
    return {"menuid": str(menuid)}


@routes.post("/cgi-bin/menu/delconditional")
def delete_conditional(stage: Stage, call: Call) -> None:
    if stage.world.official.conditional.pop(call.number("menuid"), None) is None:
        raise Refuse(65301)


@routes.post("/cgi-bin/menu/trymatch", bare=True)
def try_match(stage: Stage, call: Call) -> Body:
    """The newest rule that fits comes first; else everybody's menu."""
    _customer, fan = customer_by_openid(stage, call.text("user_id", missing=65317))
    account = stage.world.official
    for menu in reversed(account.conditional.values()):
        tag = str(menu["matchrule"].get("tag_id") or "")
        if tag in map(str, fan.tags) and not menu["matchrule"].get("client_platform_type"):
            return {"button": menu["button"]}
    if not account.menu:
        raise Refuse(46003)
    return {"button": account.menu}


@dataclass
class QrRoom:
    scenes: dict[str, str] = field(default_factory=dict)  # scene → ticket
    tickets: dict[str, str] = field(default_factory=dict)


@routes.post("/cgi-bin/qrcode/create", bare=True)
def create_qr(stage: Stage, call: Call) -> Body:
    action = call.text("action_name")
    permanent = dict(ACTIONS).get(action)
    if permanent is None:
        raise Refuse(40053)
    scene = _scene(call, by_text="STR" in action, permanent=permanent)
    room = stage.world.room(QrRoom)
    ticket = stage.world.names.make("gQ", 96, "qr", action, scene)
    room.scenes[scene], room.tickets[ticket] = ticket, scene
    body: Body = {"ticket": ticket, "url": f"{stage.official_base_url}/q/{ticket[:16]}"}
    if permanent:
        return body
    seconds = call.number("expire_seconds", 60)
    if not 1 <= seconds <= 2_592_000:
        raise Refuse(40058, "expire_seconds")
    return body | {"expire_seconds": seconds}


def _scene(call: Call, *, by_text: bool, permanent: bool) -> str:
    scene = (call.body.get("action_info") or {}).get("scene") or {}
    if by_text:
        text = str(scene.get("scene_str") or "")
        if not 1 <= len(text) <= 64:
            raise Refuse(40053)
        return text
    number = scene.get("scene_id")
    if not isinstance(number, int) or number < 1 or (permanent and number > 100_000):
        raise Refuse(40053)
    return str(number)
