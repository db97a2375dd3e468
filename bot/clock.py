"""One clock with two faces: `now()` for business, `monotonic()` for leases, timeouts and locks."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """The wall clock of this machine."""

    moved = False
    """Somebody moves its business time: an answer that was under way then looks like a clock gone wrong."""

    def now(self) -> datetime:
        """The business moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump and are never moved, whatever `now()` does."""
        return time.monotonic()

    def real(self) -> float:
        """Seconds since the epoch on this machine, never moved: for leases that other machines compare."""
        return time.time()


class FileClock(Clock):
    """Business time as a file tells it: `{"now": ISO, "running": bool}`, moved by the sandbox."""

    moved = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = (0, 0)
        self._base = datetime.fromtimestamp(0, UTC)
        self._running = False
        self._read_at = 0.0

    def now(self) -> datetime:
        self._refresh()
        if not self._running:
            return self._base
        return self._base + timedelta(seconds=time.time() - self._read_at)

    def _refresh(self) -> None:
        found = os.stat(self.path)
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp == self._stamp:
            return
        said = json.loads(self.path.read_text(encoding="utf-8"))
        self._base = datetime.fromisoformat(said["now"]).astimezone(UTC)
        self._running = bool(said["running"])
        self._stamp, self._read_at = stamp, found.st_mtime_ns / 1e9


class ManualClock(Clock):
    """A clock that only moves when it is told to: for rehearsals and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def move_to(self, moment: datetime) -> None:
        self._now = moment.astimezone(UTC)

    def advance(self, **parts: float) -> None:
        """`advance(hours=2, minutes=5)`."""
        self._now += timedelta(**parts)
