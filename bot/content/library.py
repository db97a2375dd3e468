"""The media folder of the content, and what may be shown of it: pictures, files, and links with a cover."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from bot.content.content import Content
from bot.domain.moments import MOST_PICTURES, TITLE_BYTES
from bot.domain.refusals import Refusal
from bot.tongue import _

PICTURES = frozenset({".jpg", ".jpeg", ".png"})
LEAST_BYTES = 5


def pictures(content: Content) -> list[str]:
    return [name for name in media(content.dir) if _is_picture(name)]


def files(content: Content) -> list[str]:
    """What is no picture."""
    return [name for name in media(content.dir) if not _is_picture(name)]


def media(folder: Path) -> list[str]:
    """Everything that lies in the media folder of this content, by name."""
    library = folder / "media"
    found = library.rglob("*") if library.is_dir() else ()
    return sorted(one.relative_to(library).as_posix() for one in found if one.is_file())


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in PICTURES


def check_pictures(content: Content, names: tuple[str, ...]) -> list[str]:
    if len(names) > MOST_PICTURES:
        raise Refusal("too_many", _("最多 %(most)s 张图", most=MOST_PICTURES), status=422)
    library = set(pictures(content))
    if lacking := [name for name in names if name not in library]:
        words = _("素材库里没有「%(name)s」", name=lacking[0])
        raise Refusal("bad_media", words, status=422)
    return list(names)


def check_size(content: Content, name: str, most: int) -> None:
    """The platforms take no more than so many bytes, and refuse what is all but empty."""
    size = (content.dir / "media" / name).stat().st_size
    if not LEAST_BYTES < size <= most:
        words = _(
            "「%(name)s」有 %(size)s 字节，要比 5 字节大，最多 %(most)s MB",
            name=name,
            size=size,
            most=most // 2**20,
        )
        raise Refusal("bad_media", words, status=422)


def check_file(content: Content, name: str) -> None:
    if name not in media(content.dir):
        raise Refusal("bad_media", _("素材库里没有「%(name)s」", name=name), status=422)


def check_card(content: Content, *, title: str, url: str, cover: str) -> dict[str, str] | None:
    """A link: as a card where there is a cover, else below the words."""
    if not url.strip():
        return None
    if not url.startswith(("https://", "http://", "/")) or any(one.isspace() for one in url):
        words = "链接要以 https:// 开头，或是我们自己的一页，例如 /h5"
        raise Refusal("bad_link", words, status=422)
    if (size := len(title.encode())) > TITLE_BYTES:
        raise Refusal(
            "too_long",
            _("链接的标题有 %(size)s 字节，最多 %(most)s", size=size, most=TITLE_BYTES),
            status=422,
        )
    if not title.strip():
        raise Refusal("missing_fact", "给链接写一个标题", status=422)
    if said := content.check_text(title):
        raise Refusal("bad_words", "；".join(said), status=422)
    if cover:
        check_pictures(content, (cover,))
    return {"title": title.strip(), "url": content.address(url), "cover": cover}
