"""Temporary and permanent material of the Official Account."""

from __future__ import annotations

import hashlib

from bot.sandbox.api import Body, Call, Raw, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import LIFETIME, MediaRoom, download, keep, received, usable

routes = Routes()


@routes.post("/cgi-bin/media/upload", bare=True)
def upload(stage: Stage, call: Call) -> Body:
    kind = call.query.get("type", "")
    media_id = keep(stage, call, kind, until=call.now + LIFETIME)
    return {"type": kind, "media_id": media_id, "created_at": call.stamp}


@routes.post("/cgi-bin/media/uploadimg", bare=True)
def upload_image(stage: Stage, call: Call) -> Body:
    content = received(call, "image").content
    if len(content) > 2**20:
        raise Refuse(40009)
    name = hashlib.sha256(content).hexdigest()[:40]
    stage.world.room(MediaRoom).images[name] = content
    return {"url": f"{stage.official_base_url}/mmbiz/{name}"}


routes.get("/cgi-bin/media/get")(download)


@routes.post("/cgi-bin/material/add_material", bare=True)
def add_material(stage: Stage, call: Call) -> Body:
    kind = call.query.get("type", "")
    media_id = keep(stage, call, kind, until=None)
    return {"media_id": media_id} | ({"url": ""} if kind == "image" else {})


@routes.post("/cgi-bin/material/get_material", bare=True)
def get_material(stage: Stage, call: Call) -> Raw:
    return Raw(usable(stage, call.text("media_id"), call.now).content)


@routes.post("/cgi-bin/material/del_material")
def delete_material(stage: Stage, call: Call) -> None:
    usable(stage, call.text("media_id"), call.now)
    del stage.world.room(MediaRoom).media[call.text("media_id")]


@routes.get("/cgi-bin/material/get_materialcount", bare=True)
def count(stage: Stage, _call: Call) -> Body:
    kinds = [m.kind for m in stage.world.room(MediaRoom).media.values() if m.until is None]
    return {f"{kind}_count": kinds.count(kind) for kind in ("voice", "video", "image", "news")}
