"""The wildcards of rules as SQL's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_

ESCAPE = "\\"


def fits(column: Any, patterns: Sequence[str]) -> ColumnElement[bool]:
    """Whether it is like one of these, as the files write them: `*` is anything, `?` one character."""
    return or_(*(column.like(_like(pattern), escape=ESCAPE) for pattern in patterns))


def _like(pattern: str) -> str:
    for sign in (ESCAPE, "%", "_"):
        pattern = pattern.replace(sign, ESCAPE + sign)
    return pattern.replace("*", "%").replace("?", "_")
