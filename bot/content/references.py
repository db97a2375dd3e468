"""Playbooks name templates, offers, tags, groups and segments: all of them must be there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.content.marked import ContentError, Mistake, read_file

if TYPE_CHECKING:
    from bot.content.load import Content


def broken_references(content: Content, root: Path) -> list[Mistake]:
    return [
        mistake
        for path in sorted((root / "playbooks").glob("*.yaml"))
        for mistake in _broken(content, path, root)
    ]


def _broken(content: Content, path: Path, root: Path) -> Iterator[Mistake]:
    try:
        marked = read_file(path, root=root)
    except ContentError:
        return  # already told
    for where, value in _leaves(marked.data, ()):
        if said := _said(content, where, value):
            yield Mistake(marked.file, marked.line(where), *said)


def _leaves(data: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _leaves(value, (*path, number))
    else:
        yield path, data


def _said(content: Content, where: tuple[Any, ...], value: Any) -> tuple[str, str] | None:
    match where[-1]:
        case "template" | "words" if value not in content.templates:
            return f"没有模板「{value}」", "在 templates/ 里写一个，或看看是不是写错了字"
        case "offer" if value is not None and value not in content.offers:
            return (
                f"没有权益「{value}」",
                f"在 offers.yaml 里加上，或用 {'、'.join(content.offers)}",
            )
    return None
