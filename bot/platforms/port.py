"""The one way out: a call goes in, what became of it comes back."""

from __future__ import annotations

from typing import Protocol

from bot.calls import Call, Outcome


class Platform(Protocol):
    async def perform(self, call: Call) -> Outcome:
        """Expected failures are values; only bugs raise."""
        ...
