"""Lengths as the platforms count them: some in bytes of UTF-8, some in characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Unsendable(ValueError):
    """The platform would refuse or misread this call, so it never left. Names the field, not its text."""

    def __init__(self, field: str, reason: str = "incomplete") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class CallTooBig(Unsendable):
    def __init__(self, field: str, reason: str = "too_long") -> None:
        super().__init__(field, reason)


def cut(text: str, most: int) -> str:
    """At most so many bytes, never through a character."""
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def bounded(field: str, text: str, most: int) -> str:
    """The text itself, when it fits into so many bytes."""
    if len(text.encode(errors="replace")) > most:
        raise CallTooBig(field)
    return text


def short(field: str, text: str, most: int) -> str:
    """The text itself, when it has at most so many characters."""
    if len(text) > most:
        raise CallTooBig(field)
    return text


def few(field: str, entries: Sequence[T], most: int, *, least: int = 0) -> list[T]:
    """The entries as a list, when they are neither too many nor too few."""
    if len(entries) > most:
        raise CallTooBig(field, "too_many")
    if len(entries) < least:
        raise Unsendable(field)
    return list(entries)
