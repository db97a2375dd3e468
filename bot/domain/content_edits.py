"""What people changed of the written content in the console; files stay as they are beneath it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import Row


class ContentEdit(Row):
    __tablename__ = "content_edit"

    name: Mapped[str] = mapped_column(primary_key=True)
    """texts/<name>, offers/<key>, playbooks/<key>, brand or limits; drafts/<name> counts nowhere."""
    body: Mapped[dict[str, Any]]
    version: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
