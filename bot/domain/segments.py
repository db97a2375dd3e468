"""Segments: the one rule language, and its published versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class Segment(Row):
    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    rule: Mapped[dict[str, Any]]
    state: Mapped[str]
    """draft, published or retired."""
    at: Mapped[datetime]
    by: Mapped[str]
