"""Temporary and permanent material of the Official Account."""

from __future__ import annotations

import hashlib

from bot.sandbox.api import Body, Call, Raw, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import (
    LIFETIME,
    MediaRoom,
    Medium,
    OfficialMedia,
    file_of,
    keep,
    received,
    usable,
)

routes = Routes()


@routes.post("/cgi-bin/media/upload", bare=True)
def upload(stage: Stage, call: Call) -> Body:
    kind = call.query.get("type", "")
    media_id = keep(stage, call, kind, until=call.now + LIFETIME, room=OfficialMedia)
    return {"type": kind, "media_id": media_id, "created_at": call.stamp}


@routes.post("/cgi-bin/media/uploadimg", bare=True)
def upload_image(stage: Stage, call: Call) -> Body:
    content = received(call, "image").content
    if len(content) > 2**20:
        raise Refuse(40009)
    name = hashlib.sha256(content).hexdigest()[:40]
    stage.world.room(MediaRoom).images[name] = content
    return {"url": f"{stage.official_base_url}/mmbiz/{name}"}


@routes.get("/cgi-bin/media/get")
def download(stage: Stage, call: Call) -> Raw:
    return file_of(_named(stage, call), call)


def _named(stage: Stage, call: Call) -> Medium:
    return usable(stage, call.text("media_id"), call.now, room=OfficialMedia)


@routes.post("/cgi-bin/material/add_material", bare=True)
def add_material(stage: Stage, call: Call) -> Body:
    kind = call.query.get("type", "")
    media_id = keep(stage, call, kind, until=None, room=OfficialMedia)
    return {"media_id": media_id} | ({"url": ""} if kind == "image" else {})


@routes.post("/cgi-bin/material/get_material", bare=True)
def get_material(stage: Stage, call: Call) -> Raw:
    return Raw(_named(stage, call).content)


@routes.post("/cgi-bin/material/del_material")
def delete_material(stage: Stage, call: Call) -> None:
    _named(stage, call)
    del stage.world.room(OfficialMedia).media[call.text("media_id")]


@routes.get("/cgi-bin/material/get_materialcount", bare=True)
def count(stage: Stage, _call: Call) -> Body:
    kinds = [m.kind for m in stage.world.room(OfficialMedia).media.values() if m.until is None]
    return {f"{kind}_count": kinds.count(kind) for kind in ("voice", "video", "image", "news")}


@routes.post("/cgi-bin/material/batchget_material", bare=True)
def list_material(stage: Stage, call: Call) -> Body:
    kind, begin, count = call.text("type"), call.number("offset"), call.number("count")
    if kind not in ("image", "voice", "video", "news") or not 1 <= count <= 20:
        raise Refuse(40058, "type, count")
    media = stage.world.room(OfficialMedia).media.items()
    found = [(key, one) for key, one in media if one.until is None and one.kind == kind]
    items = [
        {"media_id": key, "name": one.filename, "update_time": call.stamp, "url": ""}
        for key, one in found[begin : begin + count]
    ]
    return {"total_count": len(found), "item_count": len(items), "item": items}


@routes.post("/cgi-bin/media/uploadvideo", bare=True)
def video_for_mass(stage: Stage, call: Call) -> Body:
    """Gives an uploaded film a title before it is sent to many."""
    medium = _named(stage, call)
    if medium.kind != "video":
        raise Refuse(40007)
    media_id = stage.world.names.make("3", 64, "mass-video", call.text("media_id"))
    stage.world.room(OfficialMedia).media[media_id] = medium
    return {"type": "video", "media_id": media_id, "created_at": call.stamp}
