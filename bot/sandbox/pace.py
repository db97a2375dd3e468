"""The platforms' general call limits: 45009 and a block until the window is over."""

from __future__ import annotations

from collections import Counter

from bot.sandbox.errors import Refuse
from bot.sandbox.world.spec import Settings


class Pace:
    """Counts per path and per minute and hour of virtual time; only the current windows are kept."""

    def __init__(self) -> None:
        self._windows: dict[int, tuple[int, Counter[str]]] = {}
        self._blocked: dict[str, int] = {}

    def spend(self, path: str, now: int, settings: Settings) -> None:
        if self._blocked.get(path, 0) > now:
            raise Refuse(45009)
        for width, most in ((60, settings.calls_per_minute), (3600, settings.calls_per_hour)):
            if self._count(path, now, width) > most:
                self._blocked[path] = now + width
                raise Refuse(45009)

    def _count(self, path: str, now: int, width: int) -> int:
        begin, counts = self._windows.get(width, (0, Counter()))
        if begin != now // width:
            begin, counts = now // width, Counter()
            self._windows[width] = (begin, counts)
        counts[path] += 1
        return counts[path]
