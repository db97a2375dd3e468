"""How this run speaks: its language, in colour or not, as bare lines, and whether it only says what was asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from bot.tongue import TONGUES, speaking

_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)
_PLAIN: ContextVar[bool] = ContextVar("plain", default=False)
FLAGS = {"--no-color": "colourless", "--plain": "plain", "-q": "quiet", "--quiet": "quiet"}
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Manner:
    words: list[str]
    """The command line without what was said about the manner; that may stand anywhere in it."""
    tongue: str
    wrong: str = ""
    """A language that we do not speak."""
    colourless: bool = False
    plain: bool = False
    """One line a row, its cells apart by tabs, no bars: what a pipe gets, on a terminal too."""
    quiet: bool = False


def heard(words: Sequence[str], around: Mapping[str, str]) -> Manner:
    kept: list[str] = []
    said: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            kept += [word, *rest]
        elif word in FLAGS:
            said[FLAGS[word]] = "yes"
        elif word == "--lang" or word.startswith("--lang="):
            said["lang"] = word.partition("=")[2] or next(rest, "")
        else:
            kept.append(word)
    asked = said.get("lang")
    return Manner(
        kept,
        tongue=asked if asked in TONGUES else of_locale(around),
        wrong="" if asked is None or asked in TONGUES else asked,
        **{name: name in said for name in FLAGS.values()},
    )


def of_locale(around: Mapping[str, str]) -> str:
    """English where the machine speaks it; anything else, and silence, is Chinese."""
    named = next((around[name] for name in LOCALES if around.get(name)), "")
    return "en" if named.startswith("en") else "zh"


@contextmanager
def kept_to(manner: Manner) -> Iterator[None]:
    if manner.colourless or manner.plain:
        os.environ["NO_COLOR"] = "1"
    before = _QUIET.set(manner.quiet), _PLAIN.set(manner.plain)
    try:
        with speaking(manner.tongue):
            yield
    finally:
        _QUIET.reset(before[0])
        _PLAIN.reset(before[1])


def quiet() -> bool:
    return _QUIET.get()


def plain() -> bool:
    return _PLAIN.get()
