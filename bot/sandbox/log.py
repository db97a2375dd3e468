"""The append-only record of every request, callback, act and arrived message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot.sandbox.clock import Clock


class Log:
    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self._clock = clock
        self._rows: list[str] = []
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None

    def write(self, side: str, **facts: Any) -> None:
        row = {"seq": len(self._rows) + 1, "t": self._clock.iso(), "side": side, **facts}
        text = json.dumps(row, ensure_ascii=False, default=str)
        self._rows.append(text)
        if self._file:
            self._file.write(text + "\n")

    def lines(self, *, after: int, limit: int) -> list[str]:
        return self._rows[after : after + limit]

    def rows(self, side: str | None = None) -> list[dict[str, Any]]:
        rows = map(json.loads, self._rows)
        return [row for row in rows if side is None or row["side"] == side]

    def close(self) -> None:
        if self._file:
            self._file.close()
