"""Menus of an app or account: three entries with five below each, whose names are counted in bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.platforms.limits import Unsendable, bounded, few

_KEYED = frozenset(
    {"click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album"}
    | {"pic_weixin", "location_select"}
)
_MUST = {
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "view_miniprogram": ("appid", "pagepath"),
    "media_id": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}


def menu(buttons: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    entries = few("buttons", buttons, 3, least=1)
    for entry in entries:
        below = few("sub_button", entry.get("sub_button", ()), 5)
        _entry(entry, 16, leads=not below)
        for button in below:
            _entry(button, 60, leads=True)
    return entries


def _entry(button: Mapping[str, Any], most: int, *, leads: bool) -> None:
    if not bounded("name", str(button.get("name", "")), most):
        raise Unsendable("name")
    kind = button.get("type", "")
    if leads and kind not in _KEYED and kind not in _MUST:
        raise Unsendable("type")
    must = ("key",) if kind in _KEYED else _MUST.get(kind, ())
    for field in must if leads else ():
        if not bounded(field, str(button.get(field, "")), 128 if field == "key" else 1024):
            raise Unsendable(field)
