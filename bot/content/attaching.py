"""What somebody wants to hang on messages, held against the media that there are and the ways they may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.content import wording
from bot.content.content import Content
from bot.content.library import check_card, check_file, check_pictures, check_size
from bot.domain.attachments import CARDS, MOST, MOST_IN_A_WINDOW, Kept, needs
from bot.domain.playbooks import PlaybookSpec
from bot.domain.refusals import Refusal
from bot.tongue import _

MINI_TITLE_BYTES = 64
PICTURE_BYTES, FILE_BYTES = 10 * 2**20, 20 * 2**20


def checked(content: Content, wanted: Sequence[Mapping[str, Any]]) -> list[Kept]:
    """As they are kept. Raises Refusal: bad_attachment, bad_media, bad_link, too_long or too_many."""
    if len(wanted) > MOST:
        raise Refusal("too_many", _("最多附 %(most)s 件", most=MOST), status=422)
    return [_one(content, one) for one in wanted]


def check_ways(
    content: Content,
    templates: Sequence[str],
    channels: Sequence[str],
    hanging: Sequence[Mapping[str, Any]],
) -> None:
    """Raises Refusal not_carried where none of the ways these words may take carries what hangs on them."""
    if not hanging:
        return
    taken = needs(hanging)
    each = [wording.allowed_channels(content, name, channels) for name in templates]
    ways = {name for allowed in each for name in allowed if all(name in one for one in each)}
    fits = any(taken.get(name, MOST) <= MOST_IN_A_WINDOW for name in ways)
    if ways and "wecom" not in ways and not fits:
        words = _("公众号发不了文件，会话里一次最多带 %(most)s 件", most=MOST_IN_A_WINDOW - 1)
        raise Refusal("not_carried", words, status=422)


def hung(content: Content, spec: PlaybookSpec) -> PlaybookSpec:
    """The playbook with what hangs on its messages as it is kept. Raises Refusal."""
    mailing = spec.campaign
    if mailing is None or not mailing.attachments:
        return spec
    kept = tuple(checked(content, mailing.attachments))
    check_ways(content, (mailing.template, *mailing.rivals), mailing.channels, kept)
    return spec.model_copy(update={"campaign": mailing.model_copy(update={"attachments": kept})})


def _one(content: Content, said: Mapping[str, Any]) -> Kept:
    kind = str(said.get("kind", ""))
    try:
        CARDS[kind](**said)
    except (KeyError, TypeError):
        raise Refusal("bad_attachment", "附的要是链接、图片、小程序或文件", status=422) from None
    if kind == "link":
        return _link(content, said)
    name = str(said.get("media", ""))
    if kind == "file":
        check_file(content, name)
        check_size(content, name, FILE_BYTES)
        return dict(said)
    check_pictures(content, (name,))
    check_size(content, name, PICTURE_BYTES)
    if len(str(said.get("title", "")).encode()) > MINI_TITLE_BYTES:
        raise Refusal(
            "too_long", _("小程序的标题最多 %(most)s 字节", most=MINI_TITLE_BYTES), status=422
        )
    return dict(said)


def _link(content: Content, said: Mapping[str, Any]) -> Kept:
    title, url, cover = (str(said.get(name, "")) for name in ("title", "url", "media"))
    link = check_card(content, title=title, url=url, cover=cover)
    if link is None:
        raise Refusal("bad_link", "给链接写上地址", status=422)
    if cover:
        check_size(content, cover, PICTURE_BYTES)
    return {**said, "title": link["title"], "url": link["url"]}
