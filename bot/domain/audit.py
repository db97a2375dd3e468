"""What people did, hash-chained, and the answers they were given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row


class AuditRow(Row):
    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    detail: Mapped[dict[str, Any]]
    store: Mapped[str | None]
    """Where whoever acted belonged on that day; nowhere for the head office and for programs."""
    undoes: Mapped[int | None]
    """The row that this act took back, which its detail tells too: the database itself allows only one."""
    previous_hash: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)


OF_A_STORE = AuditRow.store.is_not(None)
Index(
    "ix_audit_store",
    AuditRow.store,
    AuditRow.id,
    sqlite_where=OF_A_STORE,
    postgresql_where=OF_A_STORE,
)
TAKES_BACK = AuditRow.undoes.is_not(None)
Index(
    "ix_audit_undoes",
    AuditRow.undoes,
    unique=True,
    sqlite_where=TAKES_BACK,
    postgresql_where=TAKES_BACK,
)


class StoredAnswer(Row):
    """The answer to one command, given again to the same actor with the same key."""

    __tablename__ = "stored_answer"

    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]
