"""The words and pictures of a moment: one text for every friend, by the rules of templates whoever wrote it."""

from __future__ import annotations

from bot.content import edits
from bot.content.content import Content
from bot.content.templates import Template, bare_names
from bot.domain.facts import FACTS
from bot.domain.moments import LONGEST, MOST_PICTURES, TITLE_BYTES
from bot.domain.refusals import Refusal
from bot.tongue import _

CHANNEL = "moment"
PICTURES = frozenset({".jpg", ".jpeg", ".png"})
_BY_HAND = "---\ntitle: 手写\npurpose: marketing\nchannels: [moment]\nfooter: false\n---\n"


def templates(content: Content) -> list[Template]:
    """Those that every friend may read as they stand."""
    every = sorted(content.templates.items())
    return [text for _name, text in every if CHANNEL in text.channels and not text.head.facts]


def pictures(content: Content) -> list[str]:
    """What lies in the media folder, by name."""
    folder = content.dir / "media"
    found = folder.rglob("*") if folder.is_dir() else ()
    return sorted(
        one.relative_to(folder).as_posix() for one in found if one.suffix.lower() in PICTURES
    )


def words(content: Content, *, template: str, text: str) -> str:
    """What friends will read. Raises Refusal: missing_fact, bad_content, bad_words or too_long."""
    made = _made(content, template, text)
    if personal := sorted(name for name in bare_names(made.body) if _differs(name)):
        raise Refusal(
            "personal",
            _("「%(name)s」各人不同，朋友圈一段话给所有朋友看，不能写", name=personal[0]),
            status=422,
        )
    return fitting(made.render(content.facts, channel=CHANNEL))


def _differs(fact: str) -> bool:
    return fact in FACTS and FACTS[fact].personal


def fitting(said: str) -> str:
    if len(said) > LONGEST:
        raise Refusal(
            "too_long",
            _("这段话有 %(size)s 个字，朋友圈最多 %(most)s", size=len(said), most=LONGEST),
            status=422,
        )
    return said


def _made(content: Content, template: str, text: str) -> Template:
    if text.strip():
        made = edits.template(content, "moments/by_hand", f"{_BY_HAND}{text.strip()}")
        if made.variants:
            words = "朋友圈一段话给所有人看，不能用 === 分给不同的人"
            raise Refusal("bad_content", words, status=422)
        return made
    known = content.templates.get(template)
    if known is None or CHANNEL not in known.channels:
        raise Refusal("missing_fact", "没有写要说的话", status=422)
    return known


def check_pictures(content: Content, names: tuple[str, ...]) -> list[str]:
    if len(names) > MOST_PICTURES:
        raise Refusal("too_many", _("最多 %(most)s 张图", most=MOST_PICTURES), status=422)
    library = set(pictures(content))
    if lacking := [name for name in names if name not in library]:
        words = _("素材库里没有「%(name)s」", name=lacking[0])
        raise Refusal("bad_media", words, status=422)
    return list(names)


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
