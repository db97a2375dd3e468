"""What a request needs beside its call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.platforms.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    agent_id: int
    media: Mapping[str, str] = field(default_factory=dict)
    """media_id by our content path, uploaded beforehand."""
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """What lies behind the paths that are themselves the request."""


Build = Callable[[Any, Context], Request]
