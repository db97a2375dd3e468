"""Attachments of welcome and mass messages, and the upload of what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from bot.calls import Attachment, FileCard, ImageCard, LinkCard, MiniProgramCard
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.request import Request, Upload

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
        case FileCard():
            return {"msgtype": "file", "file": {"media_id": media[card.media]}}
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


def named_media(cards: Sequence[Attachment]) -> dict[str, str]:
    """Every content path on these cards, and what kind the platform shall take it for."""
    kinds = {}
    for card in cards:
        name = getattr(card, "media", "")
        if name:
            kinds[name] = "file" if isinstance(card, FileCard) else "image"
    return kinds


def upload(kind: str, filename: str, content: bytes) -> Request:
    return Request(
        method="POST",
        path="/cgi-bin/media/upload",
        query={"type": kind},
        upload=Upload(filename, content),
    )
