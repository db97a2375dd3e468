"""Answers made fit to rely on: what a caller needs is there, texts are texts, numbers numbers, lists lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]
"""By name: `str`, `int`, `[shape of each]` or a shape; with `?` at its end the name may be missing."""


class Half(ValueError):
    """The platform says it is done, and leaves out or garbles what it was asked for. Names the field."""


def fit(said: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """All that was said, with the shape's fields as the shape has them. Raises Half."""
    fitted = dict(said)
    for name, kind in shape.items():
        bare = name.removesuffix("?")
        value = _one(bare, said.get(bare), kind)
        if value is not None:
            fitted[bare] = value
        elif bare == name:
            raise Half(bare)
        else:
            fitted.pop(bare, None)
    return fitted


def _one(name: str, value: Any, kind: Any) -> Any:
    if isinstance(kind, list):
        # Absent, null and empty are the same list.
        return [_one(name, entry, kind[0]) for entry in _entries(name, value)]
    if value is None:
        return None
    if kind is str and isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    if kind is int and str(value).lstrip("-").isdecimal():
        return int(value)
    if isinstance(kind, Mapping) and isinstance(value, Mapping):
        return fit(value, kind)
    raise Half(name)


def _entries(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | None):
        raise Half(name)
    return value or []
