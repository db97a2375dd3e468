"""客服消息: texts to a fan inside the window, and the typing sign."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.official.windows import customer_by_openid, spend_window
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import OfficialMedia, usable
from bot.sandbox.world.entities import Message

NEEDED = {
    "text": ("content",),
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id",),
    "music": ("musicurl", "hqmusicurl", "thumb_media_id"),
    "news": ("articles",),
    "mpnews": ("media_id",),
    "mpnewsarticle": ("article_id",),
    "msgmenu": ("list",),
    "wxcard": ("card_id",),
    "miniprogrampage": ("appid", "pagepath", "thumb_media_id"),
}
TYPING_SECONDS = 15
routes = Routes()


@routes.post("/cgi-bin/message/custom/send")
def send(stage: Stage, call: Call) -> None:
    customer, fan = customer_by_openid(stage, call.text("touser", missing=40003))
    kind, body = content_of(stage, call)
    if fan.blacklisted:
        raise Refuse(43019)
    spend_window(fan, call.now)
    text, extra = text_of(kind, body), [] if kind == "text" else [{"msgtype": kind, kind: body}]
    message = Message(
        call.now, "official", stage.world.official.original_id, customer.id, text, extra
    )
    is_ai = (call.body.get("aimsgcontext") or {}).get("is_ai_msg", 0)
    stage.arrive(customer, message, openid=fan.openid, ai=bool(is_ai))


def content_of(stage: Stage, call: Call) -> tuple[str, Body]:
    kind = call.text("msgtype", missing=40008)
    body = call.body.get(kind)
    if kind not in NEEDED or not isinstance(body, dict):
        raise Refuse(40008)
    if any(not body.get(name) for name in NEEDED[kind]):
        raise Refuse(44004 if kind == "text" else 40035)
    if too_long(str(body.get("content") or ""), size=2048):
        raise Refuse(45002)
    if kind == "news" and len(body["articles"]) != 1:
        raise Refuse(45008)
    if kind != "mpnews":
        _check_media(stage, call, kind, body)
    return kind, body


def _check_media(stage: Stage, call: Call, kind: str, body: Body) -> None:
    for name, kinds in (("media_id", (kind,)), ("thumb_media_id", ("image", "thumb"))):
        if body.get(name):
            usable(stage, body[name], call.now, kinds=kinds, room=OfficialMedia)


def text_of(kind: str, body: dict[str, Any]) -> str:
    if kind == "news":
        return str(body["articles"][0].get("title", ""))
    if kind == "msgmenu":
        items = [f"· {item.get('content', '')}" for item in body["list"]]
        lines = [body.get("head_content", ""), *items, body.get("tail_content", "")]
        return "\n".join(line for line in lines if line)
    return str(body.get("content") or body.get("title") or f"[{kind}]")


@routes.post("/cgi-bin/message/custom/typing")
def typing(stage: Stage, call: Call) -> None:
    _customer, fan = customer_by_openid(stage, call.text("touser", missing=40003))
    command = call.text("command", missing=45072)
    if command not in ("Typing", "CancelTyping"):
        raise Refuse(45072)
    shown: dict[str, datetime] = stage.world.rooms.setdefault("typing", {})
    if command == "CancelTyping":
        shown.pop(fan.openid, None)
        return
    last = fan.last_interaction
    if last is None or call.now - last > timedelta(seconds=30):
        raise Refuse(45080)
    if shown.get(fan.openid, call.now) > call.now:
        raise Refuse(45081)
    shown[fan.openid] = call.now + timedelta(seconds=TYPING_SECONDS)
