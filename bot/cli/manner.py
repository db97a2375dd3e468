"""How this run speaks: its language, in colour or not, and whether it only says what was asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from bot.tongue import TONGUES, speaking

_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Manner:
    words: list[str]
    """The command line without what was said about the manner; that may stand anywhere in it."""
    tongue: str
    wrong: str = ""
    """A language that we do not speak."""
    plain: bool = False
    quiet: bool = False


def heard(words: Sequence[str], around: Mapping[str, str]) -> Manner:
    kept: list[str] = []
    said: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            kept += [word, *rest]
        elif word in {"--no-color", "-q", "--quiet"}:
            said[word.lstrip("-")[0]] = "yes"
        elif word == "--lang" or word.startswith("--lang="):
            said["lang"] = word.partition("=")[2] or next(rest, "")
        else:
            kept.append(word)
    asked = said.get("lang")
    return Manner(
        kept,
        tongue=asked if asked in TONGUES else of_locale(around),
        wrong="" if asked is None or asked in TONGUES else asked,
        plain="n" in said,
        quiet="q" in said,
    )


def of_locale(around: Mapping[str, str]) -> str:
    """English where the machine speaks it; anything else, and silence, is Chinese."""
    named = next((around[name] for name in LOCALES if around.get(name)), "")
    return "en" if named.startswith("en") else "zh"


@contextmanager
def kept_to(manner: Manner) -> Iterator[None]:
    if manner.plain:
        os.environ["NO_COLOR"] = "1"
    before = _QUIET.set(manner.quiet)
    try:
        with speaking(manner.tongue):
            yield
    finally:
        _QUIET.reset(before)


def quiet() -> bool:
    return _QUIET.get()
