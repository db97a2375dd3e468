"""What a callback is once we believe it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bot.events import Event


class Opened(NamedTuple):
    plain: bytes
    """The decrypted body; its SHA-256 is the callback's identity."""
    read: Callable[[], Event]
    sealed: bool = True
    """It came encrypted, so a passive reply must go back encrypted."""

    @property
    def event(self) -> Event:
        """Read when it is asked for: whoever only keeps a callback has no use for it yet."""
        return self.read()
