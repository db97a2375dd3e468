"""One HTTP request of ours as a value; the token is added where it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.platforms.answers import Shape


@dataclass(frozen=True, slots=True)
class Upload:
    filename: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = None
    repeatable: bool = True
    """False: after a lost answer it must not be sent again."""
    binary: bool = False
    """The answer may be a file instead of JSON."""
    answer: Shape = field(default_factory=dict, repr=False)
    """What the answer must have."""


def get(path: str, **query: str | None) -> Request:
    given = {name: value for name, value in query.items() if value is not None}
    return Request(method="GET", path=path, query=given)


def post(path: str, **fields: Any) -> Request:
    """Absent fields are None and stay out; empty texts and lists are said."""
    given = {name: value for name, value in fields.items() if value is not None}
    return Request(method="POST", path=path, body=given)
