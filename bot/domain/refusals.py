"""Expected refusals: rules say no with a reason that a machine can count and a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.tongue import _


class Refusal(Exception):
    """A rule said no. `reason` is a stable code, `words` is what people are told,
    `facts` what a program may want besides."""

    def __init__(
        self,
        reason: str,
        words: str = "",
        *,
        status: int = 409,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self._words = words or reason
        self.status = status
        self.facts = dict(facts or {})

    @property
    def words(self) -> str:
        """In the language of whoever is told."""
        return _(self._words)


class Later(Refusal):
    """Not now, whatever it is: nothing is kept of the act, and the same one may be tried again."""
