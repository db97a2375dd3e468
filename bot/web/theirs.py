"""Whose words they are: on a page in another language, what people and the brand wrote is marked as Chinese.

What we say goes through the catalogue. What comes out of a variable is theirs: its Chinese is put between two signs
while a template runs, and `marked` turns the signs into `lang` where HTML can carry it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from bot.tongue import counted, sentence, stands, tongue

BEGIN, END = "\ue000", "\ue001"
"""From the private use area: nobody writes them, and what somebody does write loses them here."""
_SIGNS = re.compile(f"[{BEGIN}{END}]")
_CHINESE = re.compile(
    r"[\u3400-\u9fff]+(?:[\s\w%+./·…、，。！？：；（）「」《》“”-]*[\u3400-\u9fff）」》”。！？…])*"
)
_MARK = re.compile(r"<!--.*?-->|</?[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL)
_BARE = ("title", "option", "textarea", "script", "style", "text")
"""Elements that hold text and no further element; `text` is SVG's."""


@pass_context
def told(_context: Context, value: Any) -> Any:
    """What a variable says, on its way to the page."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _signed(value) if tongue() != "zh" else value


def _signed(text: str) -> str:
    return _CHINESE.sub(f"{BEGIN}\\g<0>{END}", _SIGNS.sub("", text))


def say(text: str, /, **facts: Any) -> Markup:
    """`_` of templates: what stands in the catalogue may carry marks of its own, anything else is data."""
    return _filled(sentence(text, facts), facts, known=stands(text))


def say_many(one: str, more: str, count: int, /, **facts: Any) -> Markup:
    return _filled(counted(one, more, count), {"num": count} | facts, known=stands(one))


def _filled(said: str, facts: dict[str, Any], *, known: bool) -> Markup:
    strange = tongue() != "zh"
    ours = Markup(said) if known else escape(_signed(said) if strange else said)
    if not facts:
        return ours
    return ours % {
        name: _signed(fact) if strange and type(fact) is str else fact
        for name, fact in facts.items()
    }


def marked(page: str) -> str:
    """The page with every sign gone: `lang` on what can carry it, `translate` on what only holds it."""
    return "".join(_pieces(page)) if BEGIN in page else page


def _pieces(page: str) -> Iterator[str]:
    at, opened = 0, ""
    for match in _MARK.finditer(page):
        text, tag = page[at : match.start()], match[0]
        yield from _text(opened, text)
        name = tag[1:].split(None, 1)[0].rstrip("/>").lower()
        opened = tag if name in _BARE else ""
        if not opened:
            yield _tag(tag)
        at = match.end()
    yield from _text(opened, page[at:])


def _text(opened: str, text: str) -> Iterator[str]:
    if opened:  # the element that holds this text says whose it is
        yield _with(_tag(opened), 'lang="zh-CN"') if BEGIN in text else _tag(opened)
        yield _SIGNS.sub("", text)
    else:
        yield text.replace(BEGIN, '<bdi lang="zh-CN">').replace(END, "</bdi>")


def _tag(tag: str) -> str:
    return _with(_SIGNS.sub("", tag), 'translate="no"') if BEGIN in tag else tag


def _with(tag: str, attribute: str) -> str:
    return f"{tag[:-1].rstrip('/ ')} {attribute}>"
