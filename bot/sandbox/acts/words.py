"""What a customer can send besides text: pictures, voices, films, files, places, links."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from bot.sandbox.acts.kinds import ActRefused, Args
from bot.sandbox.envelope import Field
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import MediaRoom, OfficialMedia, Room, store

SAMPLES = {
    "image": ("photo.png", b"\x89PNG\r\n\x1a\n a picture"),
    "voice": ("voice.amr", b"#!AMR\n a voice"),
    "video": ("film.mp4", b"\x00\x00\x00 ftypmp42 a film"),
    "shortvideo": ("film.mp4", b"\x00\x00\x00 ftypmp42 a film"),
    "file": ("notes.txt", b"some notes"),
}
PLACE: Args = {"latitude": 31.2, "longitude": 121.43, "name": "徐汇店", "address": "上海市徐汇区"}
LINK: Args = {"title": "一个链接", "desc": "", "url": "https://example.com/", "pic_url": ""}
FOR_KF = ("text", "image", "voice", "video", "file", "location", "link", "business_card")
FOR_OFFICIAL = ("text", "image", "voice", "video", "shortvideo", "location", "link")


def _media_id(stage: Stage, kind: str, args: Args, room: Room) -> str:
    """`file` holds the content in base64, `filename` its name; else a small sample."""
    name, content = SAMPLES[kind]
    try:
        content = base64.b64decode(str(args["file"]), validate=True) if "file" in args else content
    except binascii.Error:
        raise ActRefused("file should be base64") from None
    return store(stage, kind, str(args.get("filename", name)), content, room=room)


def _kind(args: Args, allowed: tuple[str, ...]) -> str:
    kind = str(args.get("msgtype", "text"))
    if kind not in allowed:
        raise ActRefused(f"msgtype is one of {', '.join(allowed)}")
    return kind


def kf_words(stage: Stage, args: Args) -> tuple[str, dict[str, Any]]:
    """As sync_msg shows them."""
    kind, given = _kind(args, FOR_KF), dict(args.get("body") or {})
    if kind == "text":
        menu = {"menu_id": str(args["menu_id"])} if args.get("menu_id") else {}
        return kind, {"content": str(args["text"]), **menu}
    if kind in SAMPLES:
        return kind, {"media_id": _media_id(stage, kind, args, MediaRoom)}
    standard: Args = {"location": PLACE, "link": LINK, "business_card": {"userid": "unknown"}}
    return kind, standard[kind] | given


def official_words(stage: Stage, args: Args) -> tuple[str, list[Field]]:
    """As the Official Account pushes them."""
    kind, given = _kind(args, FOR_OFFICIAL), dict(args.get("body") or {})
    if kind == "text":
        return kind, [("Content", str(args["text"]))]
    if kind == "location":
        place = PLACE | given
        where: list[Field] = [
            ("Location_X", place["latitude"]),
            ("Location_Y", place["longitude"]),
        ]
        return kind, [*where, ("Scale", 16), ("Label", str(place["address"]))]
    if kind == "link":
        link = LINK | given
        named = {"Title": "title", "Description": "desc", "Url": "url"}
        return kind, [(tag, str(link[name])) for tag, name in named.items()]
    media_id = _media_id(stage, kind, args, OfficialMedia)
    return kind, [("MediaId", media_id), *_beside(stage, kind, media_id)]


def _beside(stage: Stage, kind: str, media_id: str) -> list[Field]:
    if kind == "image":
        return [("PicUrl", f"{stage.official_base_url}/cgi-bin/media/get?media_id={media_id}")]
    if kind == "voice":
        return [("Format", "amr")]
    thumb = store(stage, "image", "thumb.jpg", SAMPLES["image"][1], room=OfficialMedia)
    return [("ThumbMediaId", thumb)]
