"""Attachments of welcome and mass messages, and the upload of what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, assert_never

from bot.calls import (
    AddKfAccount,
    AddMoment,
    Attachment,
    Call,
    DownloadMedia,
    FileCard,
    GetUploadFromUrl,
    ImageCard,
    LinkCard,
    MiniProgramCard,
    UpdateKfAccount,
    UploadFromUrl,
    UploadPicture,
    VideoCard,
)
from bot.platforms.form import always, among, chars, must, octets, order
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.request import Request, Upload, get
from bot.platforms.wecom.requests.context import Build, Context

MOMENT = "moment-"
_OF_MOMENTS = "1"  # 2 would be product albums
_UPLOADED = frozenset({"image", "voice", "video", "file"})
_LEAST_BYTES, _MOST_PICTURE_BYTES = 5, 2 * 1024 * 1024
_MOST = 9


def attachments(cards: Sequence[Attachment], media: Mapping[str, str]) -> list[Any] | None:
    return [_attachment(card, media) for card in few("attachments", cards, _MOST)] or None


def _attachment(card: Attachment, media: Mapping[str, str]) -> dict[str, Any]:
    match card:
        case LinkCard():
            return {"msgtype": "link", "link": _link(card)}
        case ImageCard():
            return {"msgtype": "image", "image": _image(card, media)}
        case MiniProgramCard():
            return {"msgtype": "miniprogram", "miniprogram": _miniprogram(card, media)}
        case FileCard() | VideoCard():
            return {"msgtype": card.kind, card.kind: {"media_id": media[card.media]}}
    assert_never(card)


def _link(card: LinkCard) -> dict[str, Any]:
    said = {
        "title": bounded("title", card.title, 128),
        "picurl": bounded("picture_url", card.picture_url, 2048),
        "desc": bounded("description", card.description, 512),
        "url": bounded("url", card.url, 2048),
    }
    if not card.title or not card.url:
        raise Unsendable("link")
    return {name: value for name, value in said.items() if value}


def _image(card: ImageCard, media: Mapping[str, str]) -> dict[str, Any]:
    if card.media:
        return {"media_id": media[card.media]}
    if card.picture_url:
        return {"pic_url": card.picture_url}
    raise Unsendable("image")


def _miniprogram(card: MiniProgramCard, media: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": bounded("title", card.title, 64),
        "pic_media_id": media[card.media],
        "appid": card.appid,
        "page": card.page,
    }


def named_media(call: Call) -> dict[str, str]:
    """Every content path that a call names, and what kind the platform shall take it for."""
    named = [*getattr(call, "attachments", ()), getattr(call, "attachment", None)]
    named += [getattr(call, "card", None)]
    if isinstance(call, AddKfAccount | UpdateKfAccount):
        named.append(ImageCard(media=call.media))
    what = MOMENT if isinstance(call, AddMoment) else ""
    return {
        one.media: what + (one.kind if one.kind in _UPLOADED else "image")
        for one in named
        if getattr(one, "media", "")
    }


def upload(kind: str, filename: str, content: bytes) -> Request:
    """A temporary one, good for three days; moments have a store of their own."""
    for_moments = kind.startswith(MOMENT)
    query = {"media_type": kind.removeprefix(MOMENT), "attachment_type": _OF_MOMENTS}
    return Request(
        method="POST",
        path="/cgi-bin/media/upload_attachment" if for_moments else "/cgi-bin/media/upload",
        query=query if for_moments else {"type": kind},
        upload=Upload(filename, content),
    )


def _picture(call: UploadPicture, context: Context) -> Request:
    content = context.contents[call.media]
    if not _LEAST_BYTES < len(content) <= _MOST_PICTURE_BYTES:
        raise Unsendable("media", "bad_media")
    sent = Upload(PurePosixPath(call.media).name, content)
    return Request(method="POST", path="/cgi-bin/media/uploadimg", upload=sent)


def _download(call: DownloadMedia, _: Context) -> Request:
    request = get("/cgi-bin/media/get", media_id=must("media_id", call.media_id))
    return replace(request, binary=True)


MEDIA: dict[type[Call], Build] = {
    UploadPicture: _picture,
    DownloadMedia: _download,
    UploadFromUrl: order(
        "/cgi-bin/media/upload_by_url",
        scene=always(1),
        type=("kind", among("image", "voice", "video", "file")),
        filename=chars(64, least=1),
        url=octets(1024, least=1),
        md5=chars(32, least=32),
    ),
    GetUploadFromUrl: order("/cgi-bin/media/get_upload_by_url_result", jobid=must),
}
