"""The words of a moment: one text for every friend, by the rules of templates whoever wrote it."""

from __future__ import annotations

from bot.content import edits
from bot.content.content import Content
from bot.content.templates import Template, bare_names
from bot.domain.facts import FACTS
from bot.domain.moments import LONGEST
from bot.domain.refusals import Refusal
from bot.tongue import _

CHANNEL = "moment"
_BY_HAND = "---\ntitle: 手写\npurpose: marketing\nchannels: [moment]\nfooter: false\n---\n"


def templates(content: Content) -> list[Template]:
    """Those that every friend may read as they stand."""
    every = sorted(content.templates.items())
    return [text for _name, text in every if CHANNEL in text.channels and not text.head.facts]


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
