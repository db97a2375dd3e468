"""Lengths as the platforms count them: some in bytes of UTF-8, some in characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class CallTooBig(ValueError):
    """The platform would refuse or silently cut this call; it never left. The message names the field only."""


def cut(text: str, most: int) -> str:
    """At most so many bytes, never through a character."""
    return text.encode()[:most].decode(errors="ignore")


def bounded(field: str, text: str, most: int) -> str:
    """The text itself, when it fits into so many bytes."""
    if len(text.encode()) > most:
        raise CallTooBig(f"{field}: more than {most} bytes")
    return text


def short(field: str, text: str, most: int) -> str:
    """The text itself, when it has at most so many characters."""
    if len(text) > most:
        raise CallTooBig(f"{field}: more than {most} characters")
    return text


def few(field: str, entries: Sequence[T], most: int) -> list[T]:
    """The entries as a list, when there are not too many."""
    if len(entries) > most:
        raise CallTooBig(f"{field}: more than {most}")
    return list(entries)
