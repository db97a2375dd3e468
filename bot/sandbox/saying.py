"""What this process says to whoever runs it: Chinese as it is written here, or what a host makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_translated: list[Callable[..., str]] = []


def _(text: str, /, **facts: Any) -> str:
    if _translated:
        return _translated[-1](text, **facts)
    return text % facts if facts else text


def through(translate: Callable[..., str]) -> None:
    """From now on everything said goes through this."""
    _translated[:] = [translate]
