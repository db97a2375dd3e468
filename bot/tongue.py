"""Which language people read: Chinese as it is written in the code, English from its catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

CATALOGUES = Path(__file__).parent / "locale"
TONGUES = ("zh", "en")
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


def _(text: str, **facts: Any) -> str:
    """`_("%(count)s 人没收到", count=3)`: the sentence in the language of whoever reads."""
    said = catalogue(tongue()).gettext(text) if text else ""
    return said % facts if facts else said


def many(one: str, more: str, count: int, **facts: Any) -> str:
    """The same for a sentence whose English depends on a number; Chinese says `one` twice."""
    return catalogue(tongue()).ngettext(one, more, count) % (facts | {"count": count})


def stands(text: str) -> bool:
    """Whether this sentence is one of ours: all of them stand in the catalogue."""
    return catalogue("en").gettext(text) != text


@cache
def catalogue(wanted: str) -> NullTranslations:
    """The sentences of a language; read once. Babel is loaded only when Chinese will not do."""
    if wanted == "zh":
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (CATALOGUES / wanted / "siyu.po").open("rb") as written:
        write_mo(compiled, read_po(written))
    compiled.seek(0)
    return GNUTranslations(compiled)
