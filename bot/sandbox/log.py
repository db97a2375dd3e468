"""The append-only record of every request, callback, act and arrived message."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

from bot.sandbox.clock import Clock


class Log:
    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self._clock = clock
        self._rows: list[str] = []
        self._sides: list[str] = []
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None

    def write(self, side: str, **facts: Any) -> None:
        row = {"seq": len(self._rows) + 1, "t": self._clock.iso(), "side": side, **facts}
        text = json.dumps(row, ensure_ascii=False, default=str)
        self._rows.append(text)
        self._sides.append(side)
        if self._file:
            self._file.write(text + "\n")

    def lines(self, *, after: int = 0, limit: int | None = None, side: str = "") -> list[str]:
        """Up to `limit` rows of one side, or of all, that follow row number `after`."""
        begin = range(len(self._rows))[after:].start
        wanted = (
            row
            for row, its in zip(self._rows[begin:], self._sides[begin:], strict=True)
            if not side or its == side
        )
        return list(islice(wanted, limit))

    def rows(self, side: str = "") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines(side=side)]

    def close(self) -> None:
        if self._file:
            self._file.close()
