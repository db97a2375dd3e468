"""Uploaded files: a media_id lives three days."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.sandbox.api import Body, Call, Raw, Routes, Upload
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage

LIFETIME = timedelta(days=3)
SIZES = {"image": 10, "voice": 2, "video": 10, "file": 20, "thumb": 0.0625}  # MB
routes = Routes()


@dataclass(frozen=True)
class Medium:
    kind: str
    filename: str
    content: bytes
    until: datetime | None  # None: permanent


@dataclass
class MediaRoom:
    media: dict[str, Medium] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)


class OfficialMedia(MediaRoom):
    """The Official Account's own: neither platform knows what was uploaded to the other."""


Room = type[MediaRoom]


def usable(
    stage: Stage,
    media_id: str,
    now: datetime,
    *,
    kinds: tuple[str, ...] = tuple(SIZES),
    room: Room = MediaRoom,
) -> Medium:
    medium = stage.world.room(room).media.get(media_id)
    if medium is None or medium.kind not in kinds or (medium.until and medium.until <= now):
        raise Refuse(40007, media_id)
    return medium


def received(call: Call, kind: str) -> Upload:
    if kind not in SIZES:
        raise Refuse(40004, f"type {kind}")
    upload = next((upload for upload in call.uploads if upload.field == "media"), None)
    if upload is None or len(upload.content) <= 5:
        raise Refuse(44001)
    if len(upload.content) > SIZES[kind] * 2**20:
        raise Refuse(45001)
    return upload


def keep(
    stage: Stage, call: Call, kind: str, *, until: datetime | None, room: Room = MediaRoom
) -> str:
    upload = received(call, kind)
    return _put(stage, Medium(kind, upload.filename, upload.content, until), room)


def store(
    stage: Stage, kind: str, filename: str, content: bytes, *, room: Room = MediaRoom
) -> str:
    """What did not come by an upload: a customer's picture, a file fetched from elsewhere."""
    return _put(stage, Medium(kind, filename, content, stage.now() + LIFETIME), room)


def _put(stage: Stage, medium: Medium, room: Room) -> str:
    digest = hashlib.sha256(medium.content).hexdigest()
    media_id = stage.world.names.make("3", 64, room.__name__, medium.kind, digest)
    stage.world.room(room).media[media_id] = medium
    return media_id


@routes.post("/cgi-bin/media/upload", empty={"type": "", "media_id": "", "created_at": "0"})
def upload(stage: Stage, call: Call) -> Body:
    kind = call.query.get("type", "")
    media_id = keep(stage, call, kind, until=call.now + LIFETIME)
    return {"type": kind, "media_id": media_id, "created_at": str(call.stamp)}


@routes.post(
    "/cgi-bin/media/upload_attachment", empty={"type": "", "media_id": "", "created_at": 0}
)
def upload_attachment(stage: Stage, call: Call) -> Body:
    kind = call.query.get("media_type", "")
    if call.query.get("attachment_type") not in ("1", "2"):
        raise Refuse(41072)
    media_id = keep(stage, call, kind, until=call.now + LIFETIME)
    return {"type": kind, "media_id": media_id, "created_at": call.stamp}


@routes.post("/cgi-bin/media/uploadimg", empty={"url": ""})
def upload_image(stage: Stage, call: Call) -> Body:
    upload = received(call, "image")
    if not upload.content.startswith((b"\x89PNG", b"\xff\xd8")):
        raise Refuse(40123)
    name = hashlib.sha256(upload.content).hexdigest()[:40]
    stage.world.room(MediaRoom).images[name] = upload.content
    return {"url": f"{stage.base_url}/mmbiz/{name}"}


@routes.get("/cgi-bin/media/get")
def download(stage: Stage, call: Call) -> Raw:
    return file_of(usable(stage, call.text("media_id"), call.now), call)


def file_of(medium: Medium, call: Call) -> Raw:
    disposition = f"attachment; filename*=UTF-8''{quote(medium.filename)}"
    headers = {"Content-Disposition": disposition, "Accept-Ranges": "bytes"}
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", call.range)
    if wanted is None:
        return Raw(medium.content, headers=headers)
    size, begin = len(medium.content), int(wanted[1])
    end = min(int(wanted[2] or size), size - 1)
    if begin > end:
        return Raw(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {begin}-{end}/{size}"
    return Raw(medium.content[begin : end + 1], headers=headers, status=206)
