"""What a message of 微信客服 must hold, and how much of it."""

from __future__ import annotations

from bot.sandbox.api import Body, Call, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import usable

SENDABLE = {
    "text": ("content",),
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id",),
    "file": ("media_id",),
    "link": ("title", "url", "thumb_media_id"),
    "miniprogram": ("appid", "thumb_media_id", "pagepath"),
    "msgmenu": (),
    "location": ("latitude", "longitude"),
    "business_card": ("userid",),
    "ca_link": ("link_url",),
}
LIMITS = {
    "text": {"content": 2048},
    "link": {"title": 128, "desc": 512, "url": 2048},
    "miniprogram": {"title": 64},
    "msgmenu": {"head_content": 1024, "tail_content": 1024},
}
MENU = {
    "click": {"id": 128, "content": 128},
    "view": {"url": 2048, "content": 1024},
    "miniprogram": {"appid": 32, "pagepath": 1024, "content": 1024},
    "text": {"content": 256},
}
"""What an item of a menu holds and how many bytes of it; only a click's id may be left out."""


def read_kf_content(stage: Stage, call: Call, kinds: tuple[str, ...] = tuple(SENDABLE)) -> Body:
    kind = call.text("msgtype", missing=40008)
    body = call.body.get(kind)
    if kind not in kinds or not isinstance(body, dict):
        raise Refuse(40008, kind)
    missing = [name for name in SENDABLE[kind] if body.get(name) in (None, "")]
    if missing:
        raise Refuse(44004 if kind == "text" else 40058, f"{kind}.{missing[0]}")
    for name, size in LIMITS.get(kind, {}).items():
        if too_long(str(body.get(name) or ""), size=size):
            raise Refuse(45002, f"{kind}.{name}")
    _check_pointer(stage, kind, body)
    for name, of_kind in (("media_id", kind), ("thumb_media_id", "image")):
        if body.get(name):
            usable(stage, body[name], call.now, kinds=(of_kind,))
    if kind == "msgmenu":
        _check_menu(body)
    return {"msgtype": kind, kind: body}


def _check_menu(menu: Body) -> None:
    items = menu.get("list") or []
    if len(items) > 10:
        raise Refuse(95008)
    for item in items:
        kind = item.get("type")
        if kind not in MENU:
            raise Refuse(95009)
        _check_item(kind, item.get(kind) or {})


def _check_item(kind: str, body: Body) -> None:
    for name, size in MENU[kind].items():
        value = str(body.get(name) or "")
        if not value and name != "id":
            raise Refuse(40058, f"{kind}.{name}")
        if too_long(value, size=size):
            raise Refuse(45002, f"{kind}.{name}")


def _check_pointer(stage: Stage, kind: str, body: Body) -> None:
    """A card names a member, a link to add somebody is one of the app's own."""
    if kind == "business_card":
        stage.guide(str(body["userid"]))
    link = str(body.get("link_url", "")).partition("?")[0].rpartition("/")[2]
    if kind == "ca_link" and link not in stage.world.links:
        raise Refuse(40058, "link_url")
