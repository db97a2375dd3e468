"""The clock that can be moved, the agenda of what will happen, and the file in which the bot reads the time."""

from __future__ import annotations

import heapq
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8))


def parse_moment(text: str) -> datetime:
    """RFC 3339 with any offset; a naive one is read as Shanghai time."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(SHANGHAI)


class Clock:
    """Stands still until moved; when running it flows with real time from where it was set going."""

    def __init__(self, start: datetime | None, *, path: Path | None = None) -> None:
        self.start = (start or datetime.now(UTC)).astimezone(SHANGHAI)
        self.running = start is None
        self._path = path
        self._set(self.start)

    def _set(self, moment: datetime) -> None:
        self._base, self._since = moment, time.monotonic()

    def now(self) -> datetime:
        if not self.running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def timestamp(self) -> int:
        return int(self.now().timestamp())

    def iso(self) -> str:
        return self.now().isoformat(timespec="milliseconds")

    def move(self, to: datetime) -> None:
        """Forward only: what has happened on the platforms stays happened."""
        if to > self.now():
            self._set(to.astimezone(SHANGHAI))
        self.save()

    def run(self, *, running: bool) -> None:
        self._set(self.now())
        self.running = running
        self.save()

    def reset(self) -> None:
        self._set(self.start)
        self.save()

    def save(self) -> None:
        if self._path is None:
            return
        draft = self._path.with_name(self._path.name + ".new")
        draft.write_text(json.dumps({"now": self.iso(), "running": self.running}))
        os.replace(draft, self._path)


@dataclass(order=True)
class Planned:
    at: datetime
    order: int
    label: str = field(compare=False)
    act: Callable[[], object] = field(compare=False)


class Agenda:
    """What will happen, in order of its moment and, within one moment, of its planning."""

    def __init__(self) -> None:
        self._heap: list[Planned] = []
        self._order = 0

    def plan(self, at: datetime, label: str, act: Callable[[], object]) -> None:
        self._order += 1
        heapq.heappush(self._heap, Planned(at, self._order, label, act))

    def next_due(self) -> datetime | None:
        return self._heap[0].at if self._heap else None

    def take(self, until: datetime) -> list[Planned]:
        taken = []
        while self._heap and self._heap[0].at <= until:
            taken.append(heapq.heappop(self._heap))
        return taken

    def clear(self) -> None:
        self._heap.clear()

    def __len__(self) -> int:
        return len(self._heap)
