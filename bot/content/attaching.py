"""What somebody wants to hang on a campaign's messages, held against the media that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.content.content import Content
from bot.content.moments import check_card, check_pictures
from bot.domain.attachments import CARDS, MOST, Kept
from bot.domain.refusals import Refusal
from bot.tongue import _

MINI_TITLE_BYTES = 64


def checked(content: Content, wanted: Sequence[Mapping[str, Any]]) -> list[Kept]:
    """As they are kept. Raises Refusal: bad_attachment, bad_media, bad_link, too_long or too_many."""
    if len(wanted) > MOST:
        raise Refusal("too_many", _("最多附 %(most)s 件", most=MOST), status=422)
    return [_one(content, one) for one in wanted]


def _one(content: Content, said: Mapping[str, Any]) -> Kept:
    kind = str(said.get("kind", ""))
    try:
        CARDS[kind](**said)
    except (KeyError, TypeError):
        raise Refusal("bad_attachment", "附的要是链接、图片、小程序或文件", status=422) from None
    if kind == "link":
        title, url = str(said["title"]), str(said["url"])
        link = check_card(content, title=title, url=url, cover="")
        if link is None:
            raise Refusal("bad_link", "给链接写上地址", status=422)
        return {**said, "title": link["title"], "url": link["url"]}
    if kind == "file":
        _check_file(content, str(said["media"]))
        return dict(said)
    check_pictures(content, (str(said.get("media", "")),))
    if len(str(said.get("title", "")).encode()) > MINI_TITLE_BYTES:
        raise Refusal(
            "too_long", _("小程序的标题最多 %(most)s 字节", most=MINI_TITLE_BYTES), status=422
        )
    return dict(said)


def _check_file(content: Content, name: str) -> None:
    folder = (content.dir / "media").resolve()
    path = (folder / name).resolve()
    if not (path.is_relative_to(folder) and path.is_file()):
        raise Refusal("bad_media", _("素材库里没有「%(name)s」", name=name), status=422)
