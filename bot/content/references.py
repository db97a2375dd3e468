"""Files name templates, offers, tags, group families and segments, and write rules: all of it must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.content.marked import ContentError, Marked, Mistake, read_file
from bot.domain.ready_made import RULE_KEYS
from bot.domain.segments import BadRule, parse
from bot.tongue import _, listed

TEXTS = {"template", "rivals", "words", "knowledge", "benefit", "play"}
"""Keys whose value names a template."""
OFFERS = {"offer", "needs"}
"""Keys whose value names an offer: what is given, and what one must hold already."""
HOMES = (
    dict.fromkeys(OFFERS, "offers.yaml")
    | dict.fromkeys(RULE_KEYS, "segments.yaml")
    | dict.fromkeys(("add", "remove"), "tags.yaml")
    | {"group": "groups.yaml"}
)
"""The file that says what such a word may name."""
Path_ = tuple[Any, ...]
Said = tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that may be named."""

    templates: Mapping[str, Any]
    offers: Mapping[str, Any]
    segments: Mapping[str, Any]
    groups: frozenset[str]
    knows_tag: Callable[[str], bool]
    unread: frozenset[str] = frozenset()
    """Files too broken to say what may be named: nothing is missing because of them."""


def broken_references(names: Names, root: Path) -> list[Mistake]:
    files = [
        *sorted((root / "playbooks").glob("*.yaml")),
        root / "offers.yaml",
        root / "segments.yaml",
        root / "groups.yaml",
        root / "games.yaml",
        root / "advisors.yaml",
    ]
    return [mistake for path in files if path.is_file() for mistake in _read(names, path, root)]


def _read(names: Names, path: Path, root: Path) -> Iterator[Mistake]:
    try:
        marked = read_file(path, root=root)
    except ContentError:
        return  # told already
    yield from broken_in(names, marked)


def broken_in(names: Names, marked: Marked) -> Iterator[Mistake]:
    for where, value in _walk(marked.data, ()):
        found = _bad_rule(where, value)
        if found is not None:
            inside, said = found
            yield Mistake(marked.file, marked.line((*where, *inside)), *said)
        elif isinstance(value, str) and (missing := _missing(names, where, value)):
            yield Mistake(marked.file, marked.line(where), *missing)


def _walk(data: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    """Every value, a rule as one."""
    yield path, data
    if path and path[-1] in RULE_KEYS | {"rule"}:
        return
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in items:
        yield from _walk(value, (*path, key))


def _bad_rule(where: Path_, value: Any) -> tuple[Path_, tuple[str, str]] | None:
    if not where or where[-1] not in RULE_KEYS | {"rule"} or not isinstance(value, dict):
        return None
    try:
        parse(value)
    except BadRule as mistake:
        steps = re.findall(r"[^.\[\]]+", mistake.path)
        inside = tuple(int(step) if step.isdigit() else step for step in steps)
        return inside, (
            _("规则 %(path)s：%(words)s", path=mistake.path, words=mistake.words),
            _("照着「分群规则」的写法改"),
        )
    return None


def _missing(names: Names, where: Path_, value: str) -> Said:
    word = next((part for part in reversed(where) if isinstance(part, str)), "")
    return None if HOMES.get(word) in names.unread else _unknown(names, word, value)


def _unknown(names: Names, word: str, value: str) -> Said:
    if word in TEXTS and value not in names.templates:
        return _("没有模板「%(value)s」", value=value), _(
            "在 templates/ 里写一个，或看看是不是写错了字"
        )
    if word in OFFERS and value not in names.offers:
        return _("没有权益「%(value)s」", value=value), _(
            "在 offers.yaml 里加上，或用 %(offers)s", offers=listed(names.offers)
        )
    if word in RULE_KEYS and value not in names.segments:
        return _("没有分群「%(value)s」", value=value), _(
            "在 segments.yaml 里加上，或用 %(segments)s", segments=listed(names.segments)
        )
    if word == "group" and value not in names.groups:
        return (
            _("没有群「%(value)s」", value=value),
            _("在 groups.yaml 里加上，或用 %(groups)s", groups=listed(sorted(names.groups))),
        )
    if word in {"add", "remove"} and not names.knows_tag(value):
        return _("没有标签「%(value)s」", value=value), _("在 tags.yaml 的 groups 里先写上它")
    return None
