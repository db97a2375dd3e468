"""One file that somebody imports in the console: what it is, how far it is, and what became of its rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

BUSY = ("checking", "running")


class FileImport(Row):
    __tablename__ = "file_import"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str]
    """orders, customers or products."""
    name: Mapped[str]
    """As the file is called where it came from."""
    suffix: Mapped[str]
    state: Mapped[str]
    """received, checking, checked, running, done or failed."""
    columns: Mapped[dict[str, Any]]
    """Header to field, where people know better than the guess."""
    doing: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[float]
    """Real time: when somebody last worked on it."""
    report: Mapped[dict[str, Any] | None]
    """Numbers alone; rows that could not be used stay in their file."""
    trouble: Mapped[dict[str, Any] | None]
    """What keeps the whole file from being read, and what to do."""
    at: Mapped[datetime]
    by: Mapped[str]
