"""What a callback is once we believe it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events import Event


@dataclass(frozen=True, slots=True)
class Opened:
    plain: bytes
    """The decrypted body; its SHA-256 is the callback's identity."""
    event: Event
    sealed: bool = True
    """It came encrypted, so a passive reply must go back encrypted."""
