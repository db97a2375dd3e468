"""Which language people read: Chinese as it is written in the code, English from its catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUES = Path(__file__).parent / "locale"
TONGUES = ("zh", "en")
Sentences = Mapping[str, tuple[str, ...]]
_SPOKEN: ContextVar[str] = ContextVar("tongue", default="zh")


def tongue() -> str:
    return _SPOKEN.get()


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Everything said inside is in this language; one that we do not speak is answered in Chinese."""
    before = _SPOKEN.set(wanted if wanted in TONGUES else "zh")
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def _(text: str, /, **facts: Any) -> str:
    """`_("%(n)s 人没收到", n=3)`: the sentence in the language of whoever reads."""
    said = sentence(text, facts)
    return said % facts if facts else said


def sentence(text: str, facts: Mapping[str, Any]) -> str:
    """Still without its facts; where English has a singular, `n` (or `count`) decides."""
    said = catalogue(tongue()).get(text, (text,))
    return said[0] if str(facts.get("n", facts.get("count"))) == "1" else said[-1]


def many(one: str, more: str, count: int, /, **facts: Any) -> str:
    """The same for a sentence whose English depends on a number; Chinese says `one` twice."""
    return counted(one, more, count) % (facts | {"count": count})


def counted(one: str, more: str, count: int) -> str:
    said = catalogue(tongue()).get(one, (one, more))
    return said[0] if count == 1 else said[-1]


def listed(parts: Iterable[object]) -> str:
    return _("、").join(map(str, parts))


def stands(text: str) -> bool:
    """Whether this sentence is one of ours: all of them stand in the catalogue."""
    return text in catalogue("en")


@cache
def catalogue(wanted: str) -> Sentences:
    """By Chinese sentence its translation, or its singular and plural; Chinese itself needs none."""
    if wanted == "zh":
        return {}
    with (CATALOGUES / wanted / "siyu.po").open(encoding="utf-8") as written:
        return {one: said for one, said in _entries(written) if one}


def _entries(lines: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A .po file as far as we use it. gettext reads compiled ones only, and Babel costs `siyu --help` its speed."""
    entry: list[str] = []
    one = ""
    for line in lines:
        word, _space, text = line.rstrip("\n").partition(" ")
        if word == "msgid" and entry:
            yield one, tuple(entry)
            entry = []
        if word == "msgid":
            one = json.loads(text)
        elif word.startswith("msgstr"):
            entry.append(json.loads(text))
    yield one, tuple(entry)
