"""Texts: a small head (what it is for, where it may go), the words, and other words for some customers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from pydantic import TypeAdapter

from bot.content.checked import checked
from bot.content.head import Head
from bot.content.marked import ContentError, Marked, Mistake, read_marked
from bot.content.sandbox import LONGEST_SOURCE, breaches, environment
from bot.domain.facts import Fact, as_carried, for_everyone
from bot.domain.refusals import Refusal
from bot.tongue import _

BYTES: dict[str, int] = {
    **dict.fromkeys(("wecom", "welcome", "group", "guide"), 4000),
    **dict.fromkeys(("kf", "official", "app"), 2048),
    **dict.fromkeys(("moment", "page", "subscribed", "template"), 8000),
}
"""What each channel carries at most, in UTF-8 bytes (a moment: 2000 characters); longer is refused, never cut."""
ONE_FOR_MANY = frozenset({"wecom", "group", "moment"})
SECTION = re.compile(r"^=== *(\S.*?) *$")


@dataclass(frozen=True, slots=True)
class Footer:
    """The line under every promotional text: who says it, and how to stop it."""

    words: str
    mass: str

    def under(self, text: str, channel: str | None) -> str:
        return f"{text}\n\n{self.mass if channel in ONE_FOR_MANY else self.words}"


@dataclass(frozen=True)
class Template:
    name: str
    head: Head
    body: str
    variants: Mapping[str, str]
    facts: Mapping[str, Fact]
    compiled: Mapping[str, jinja2.Template]
    footer: Footer | None

    @property
    def title(self) -> str:
        return self.head.title

    @property
    def purpose(self) -> str:
        return self.head.purpose

    @property
    def channels(self) -> tuple[str, ...]:
        return self.head.channels

    @property
    def channel(self) -> str | None:
        """The only channel it may use, if there is only one."""
        return self.head.channels[0] if len(self.head.channels) == 1 else None

    @property
    def offer(self) -> bool:
        return self.head.offer

    @property
    def bare(self) -> frozenset[str]:
        """Facts that it speaks of without a fallback: a text that may be impossible for somebody."""
        said = frozenset().union(
            *(bare_names(text) for text in (self.body, *self.variants.values()))
        )
        return said - self._fallbacks.keys()

    def limit(self, channel: str | None) -> int:
        return min(BYTES[name] for name in ([channel] if channel in BYTES else self.channels))

    def render(
        self, facts: Mapping[str, Any], variant: str | None = None, *, channel: str | None = None
    ) -> str:
        """Refuses with `missing_fact` or `too_long`; a text is never sent with a hole, or cut."""
        given = {
            name: as_carried(name, value) for name, value in facts.items() if value is not None
        }
        told = for_everyone(given) if channel in ONE_FOR_MANY else given
        chosen = self.compiled.get(variant or "", self.compiled[""])
        try:
            words = _tidy(chosen.render(self._fallbacks | told))
        except (jinja2.UndefinedError, SecurityError) as error:
            raise Refusal(
                "missing_fact",
                _("「%(title)s」少了要说的事实：%(why)s", title=self.title, why=error),
            ) from None
        text = self.footer.under(words, channel) if self.footer else words
        if (size := len(text.encode())) > self.limit(channel):
            raise Refusal(
                "too_long",
                _(
                    "「%(title)s」有 %(size)s 字节，最多 %(limit)s",
                    title=self.title,
                    size=size,
                    limit=self.limit(channel),
                ),
            )
        return text

    @cached_property
    def _fallbacks(self) -> dict[str, Any]:
        return {
            name: fact.fallback for name, fact in self.facts.items() if fact.fallback is not None
        }


@lru_cache(maxsize=512)
def bare_names(source: str) -> frozenset[str]:
    """Names that are read without a `default` or `is defined` right around them."""
    guarded, read = Counter[str](), Counter[str]()
    tree = _ENV.parse(source)
    read.update(name.name for name in tree.find_all(nodes.Name))
    for each in tree.find_all((nodes.Filter, nodes.Test)):
        if each.name in {"default", "defined"} and isinstance(each.node, nodes.Name):
            guarded[each.node.name] += 1
    return frozenset(read - guarded)


def _tidy(words: str) -> str:
    """An `if` that says nothing leaves no hole: at most one empty line stays."""
    return re.sub(r"\n{3,}", "\n\n", words).strip()


_HEAD = TypeAdapter(Head)
_ENV = environment()


def read_template(path: Path, *, root: Path, footer: Footer, facts: dict[str, Fact]) -> Template:
    """Raises ContentError with everything that is wrong in this file."""
    return parse_template(
        path.read_text(encoding="utf-8"),
        name=path.relative_to(root / "templates").with_suffix("").as_posix(),
        file=path.relative_to(root).as_posix(),
        footer=footer,
        facts=facts,
    )


def parse_template(
    text: str, *, name: str, file: str, footer: Footer, facts: dict[str, Fact]
) -> Template:
    """The same for words that are not in a file, or not yet."""
    head, first, body = _split(text, file)
    known = facts | {name: Fact(name, sample) for name, sample in head.facts.items()}
    parts = _sections(body)
    mistakes: list[Mistake] = []
    compiled = {
        variant: made
        for variant, (line, words) in parts.items()
        if (made := compile_words(words, known, Spot(file, first + line, mistakes)))
    }
    if mistakes or "" not in compiled:
        raise ContentError(
            mistakes or [Mistake(file, first, _("没有正文"), _("在头部下面写要说的话"))]
        )
    template = Template(
        name=name,
        head=head,
        body=parts[""][1].strip(),
        variants={variant: words.strip() for variant, (_, words) in parts.items() if variant},
        facts=known,
        compiled=compiled,
        footer=footer if head.purpose == "marketing" and head.footer else None,
    )
    _rehearse(template, file, {variant: first + line for variant, (line, _) in parts.items()})
    return template


@dataclass(frozen=True, slots=True)
class Spot:
    file: str
    line: int
    mistakes: list[Mistake]

    def note(self, line: int, what: str, mend: str) -> None:
        self.mistakes.append(Mistake(self.file, self.line + line - 1, what, mend))


def _split(text: str, file: str) -> tuple[Head, int, str]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---" or "---" not in [line.strip() for line in lines[1:]]:
        raise ContentError(
            [Mistake(file, 1, _("开头没有说明"), _("用两行 --- 夹住 title、purpose、channels"))]
        )
    end = next(number for number, line in enumerate(lines[1:], 1) if line.strip() == "---")
    marked: Marked = read_marked("\n".join(lines[1:end]), file=file, first_line=2)
    return checked(_HEAD, marked), end + 2, "\n".join(lines[end + 1 :])


def _sections(body: str) -> dict[str, tuple[int, str]]:
    """ "" is the text for everybody else; the number is where the section begins within the body."""
    found: dict[str, tuple[int, list[str]]] = {"": (0, [])}
    name = ""
    for number, line in enumerate(body.splitlines()):
        if mark := SECTION.match(line):
            name = mark[1]
            found[name] = (number + 1, [])
        else:
            found[name][1].append(line)
    return {name: (line, "\n".join(lines)) for name, (line, lines) in found.items()}


def compile_words(words: str, facts: dict[str, Fact], spot: Spot) -> jinja2.Template | None:
    if not words.strip():
        return None
    if len(words) > LONGEST_SOURCE:
        spot.note(1, _("写得太长"), _("最多 %(most)s 个字", most=LONGEST_SOURCE))
        return None
    try:
        found = list(breaches(tree := _ENV.parse(words), facts))
        for line, what, mend in found:
            spot.note(line, what, mend)
        return None if found else _ENV.from_string(tree)
    except jinja2.TemplateSyntaxError as error:
        spot.note(
            error.lineno,
            _("写法不对：%(why)s", why=error.message),
            _("检查 {{ }} 和 {% %} 是否成对"),
        )
    except RecursionError:
        spot.note(1, _("嵌套太深"), _("少套几层"))
    return None


def _rehearse(template: Template, file: str, lines: Mapping[str, int]) -> None:
    """Say it once with every fact and once with none, on each channel: what fails here would fail at night."""
    everything = {name: fact.sample for name, fact in template.facts.items()}
    little = {name: everything[name] for name, fact in template.facts.items() if not fact.personal}
    mistakes = [
        Mistake(file, lines[variant], refusal.words, _mend(refusal, channel))
        for variant in template.compiled
        for channel in template.channels
        for facts in (everything, little if channel in ONE_FOR_MANY else everything)
        if (refusal := _refusal(template, facts, variant, channel))
    ]
    if mistakes:
        raise ContentError(mistakes)


def _refusal(
    template: Template, facts: dict[str, Any], variant: str, channel: str
) -> Refusal | None:
    try:
        template.render(facts, variant, channel=channel)
    except Refusal as refusal:
        return refusal
    except (TypeError, ValueError) as error:
        return Refusal(
            "missing_fact",
            _("「%(title)s」算不出来：%(why)s", title=template.title, why=error),
        )
    return None


def _mend(refusal: Refusal, channel: str) -> str:
    if refusal.reason == "too_long":
        return _("写短一点")
    if channel in ONE_FOR_MANY:
        return _("企业群发一段话发给许多人，每个人自己的事实要用 if … is defined 包住")
    return _("用 if … is defined 包住，或写 default")
