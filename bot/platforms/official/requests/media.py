"""What hangs on messages to fans, and its upload."""

from __future__ import annotations

from pathlib import PurePosixPath

from bot.calls import Call, SendOfficial, SendOfficialMass, UploadOfficialPicture
from bot.platforms.limits import Unsendable
from bot.platforms.official.requests.context import Context
from bot.platforms.request import Request, Upload

_KINDS = {"image": "image", "voice": "voice", "video": "video"}
_MOST_PICTURE_BYTES = 1024 * 1024


def named_media(call: Call) -> dict[str, str]:
    """Every content path that a call names, and what kind the platform shall take it for."""
    if isinstance(call, SendOfficialMass):
        voice = {call.voice: "voice"} if call.voice else {}
        return dict.fromkeys(call.pictures, "image") | voice
    if not isinstance(call, SendOfficial) or not call.card:
        return {}
    cover, media = getattr(call.card, "cover", ""), getattr(call.card, "media", "")
    said = {cover: "thumb", media: _KINDS.get(call.card.kind, "image")}
    return {name: kind for name, kind in said.items() if name}


def upload(kind: str, filename: str, content: bytes) -> Request:
    return Request(
        method="POST",
        path="/cgi-bin/media/upload",
        query={"type": kind},
        upload=Upload(filename, content),
    )


def picture(call: UploadOfficialPicture, context: Context) -> Request:
    content = context.contents[call.media]
    if not 0 < len(content) <= _MOST_PICTURE_BYTES:
        raise Unsendable("media", "bad_media")
    sent = Upload(PurePosixPath(call.media).name, content)
    return Request(method="POST", path="/cgi-bin/media/uploadimg", upload=sent)
