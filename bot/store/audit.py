"""The audit log: append-only, each row bound to the one before."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.audit import AuditRow
from bot.domain.delivery import Cursor
from bot.store import cursors
from bot.store.engine import is_sqlite

CHAIN_LOCK = 0x51_59_55_01
HEAD = "audit head"


def link(previous: str, row: dict[str, Any]) -> str:
    written = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{written}".encode()).hexdigest()


async def hold(session: AsyncSession) -> None:
    """Nobody else writes a row until this transaction ends."""
    if not is_sqlite(session):  # SQLite has one writer anyway
        await session.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))


async def append(
    session: AsyncSession,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: dict[str, Any],
    store: str | None = None,
    undoes: int | None = None,
) -> int:
    """The number of the row."""
    await hold(session)
    newest = select(AuditRow.hash).order_by(AuditRow.id.desc()).limit(1)
    previous = (await session.scalar(newest)) or ""
    at = at.astimezone(UTC)  # as the database gives it back
    facts = {"at": at.isoformat(), "actor": actor, "action": action, "object": subject}
    facts |= _of_a_store(store)
    row = AuditRow(
        at=at,
        actor=actor,
        action=action,
        object=subject,
        detail=detail,
        store=store,
        undoes=undoes,
        previous_hash=previous,
        hash=link(previous, facts | {"detail": detail}),
    )
    session.add(row)
    await session.flush()
    await cursors.changed(session, HEAD, f"{row.id}:{row.hash}", now=at)
    return row.id


def _of_a_store(store: str | None) -> dict[str, str]:
    return {} if store is None else {"store": store}


async def verify(session: AsyncSession) -> int | None:
    """The id of the first row that does not fit the chain, or None when all do.

    A chain that was cut at its end fits together too: what was written last is also kept beside it.
    """
    previous, last = "", 0
    for row in await session.scalars(select(AuditRow).order_by(AuditRow.id)):
        facts = {
            "at": row.at.isoformat(),
            "actor": row.actor,
            "action": row.action,
            "object": row.object,
            "detail": row.detail,
            **_of_a_store(row.store),
        }
        if row.previous_hash != previous or row.hash != link(previous, facts):
            return row.id
        previous, last = row.hash, row.id
    head = await session.scalar(select(Cursor.value).where(Cursor.name == HEAD))
    return None if head in {None, f"{last}:{previous}"} else last + 1
