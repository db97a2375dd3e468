"""Holds calls back while the platform has closed an API or cannot answer: one of them tries, the others wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.calls import Outcome, TryLater, Unclear
from bot.clock import Clock

HELD = "held"
_CLOSED = frozenset({45009, 45011})
"""For all callers of this API until the window is over; other codes speak of one customer or one task."""
_TROUBLE = frozenset(
    {"busy", "lost", "unreachable", "server_error", "timeout", "cut_off", "nonsense"}
)
_BORNE = 3
_FIRST, _LONGEST = timedelta(seconds=5), timedelta(seconds=60)
_TRYING = timedelta(seconds=15)
"""Longer than any call takes: when the one that tries dies, the next one tries."""


@dataclass(slots=True)
class _Gate:
    opens_at: datetime
    troubles: int = 0
    trying: bool = False


class Breaker:
    """By path. On the business clock: the platform's windows are on it too, and a played month must play alike."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gates: dict[str, _Gate] = {}

    def hold(self, path: str) -> TryLater | None:
        """Why this call must not be made now; None lets it through, after trouble only one at a time."""
        gate = self._gates.get(path)
        if gate is None:
            return None
        now = self._clock.now()
        if now < gate.opens_at:
            return TryLater(0, HELD, gate.opens_at - now)
        if gate.troubles >= _BORNE:
            gate.trying, gate.opens_at = True, now + _TRYING
        return None

    def heard(self, path: str, outcome: Outcome) -> None:
        closed = isinstance(outcome, TryLater) and outcome.code in _CLOSED
        if not closed and not _is_trouble(outcome):
            self._gates.pop(path, None)
            return
        now = self._clock.now()
        gate = self._gates.setdefault(path, _Gate(now))
        if now < gate.opens_at and not gate.trying:
            return  # it was under way when the gate closed
        gate.troubles = max(gate.troubles + 1, _BORNE if closed else 0)
        gate.trying = False
        gate.opens_at = now + (_after(outcome) if closed else _wait(gate.troubles))


def _is_trouble(outcome: Outcome) -> bool:
    return isinstance(outcome, TryLater | Unclear) and outcome.reason in _TROUBLE


def _after(outcome: Outcome) -> timedelta:
    return outcome.after if isinstance(outcome, TryLater) else timedelta()


def _wait(troubles: int) -> timedelta:
    if troubles < _BORNE:
        return timedelta()
    doublings: int = min(troubles - _BORNE, 4)
    return min(_FIRST * (1 << doublings), _LONGEST)
