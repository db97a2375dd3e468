"""Text and attachments of welcome and mass messages: the same shapes and limits."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api import Call, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import usable

MEDIA = {
    "image": "media_id",
    "video": "media_id",
    "file": "media_id",
    "miniprogram": "pic_media_id",
}
LIMITS = {
    "link": {"title": 128, "picurl": 2048, "desc": 512, "url": 2048},
    "miniprogram": {"title": 64},
}
NEEDED = {"link": ("title", "url"), "miniprogram": ("title", "appid", "page", "pic_media_id")}


def read_content(
    stage: Stage, call: Call, *, most: int = 4000
) -> tuple[str, list[dict[str, Any]]]:
    text = str((call.body.get("text") or {}).get("content") or "")
    if too_long(text, size=most):
        raise Refuse(45002, "text too long")
    attachments = call.body.get("attachments") or []
    if len(attachments) > 9:
        raise Refuse(41064)
    if not text and not attachments:
        raise Refuse(44004)
    for attachment in attachments:
        _check(stage, call, attachment)
    return text, attachments


def _check(stage: Stage, call: Call, attachment: dict[str, Any]) -> None:
    kind = attachment.get("msgtype", "")
    body = attachment.get(kind)
    if kind not in ("image", "link", "miniprogram", "video", "file") or not isinstance(body, dict):
        raise Refuse(41065, f"msgtype {kind}")
    if any(not body.get(name) for name in NEEDED.get(kind, ())):
        raise Refuse(41065, f"{kind} incomplete")
    for name, size in LIMITS.get(kind, {}).items():
        if too_long(str(body.get(name, "")), size=size):
            raise Refuse(41065, f"{kind}.{name} too long")
    media = body.get(MEDIA.get(kind, ""), "")
    if media:
        usable(stage, media, call.now)
    elif kind in MEDIA and not body.get("pic_url"):
        raise Refuse(40007)
