"""Answers to commands, stored with their key and given again."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.audit import StoredAnswer
from bot.domain.refusals import Refusal
from bot.store.engine import is_sqlite, upsert

IN_FLIGHT = "同一个 Idempotency-Key 的请求还在处理，请稍后再试"


async def alone(session: AsyncSession, *, actor: str, key: str) -> None:
    """Raises Refusal in_flight while the same act is under way in any process.

    SQLite has one writer: whoever is here has waited for the other's end, and finds its answer.
    """
    if is_sqlite(session):
        return
    digest = hashlib.sha256(f"{actor}|{key}".encode()).digest()
    number = int.from_bytes(digest[:8], signed=True)
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(number))):
        raise Refusal("in_flight", IN_FLIGHT, status=409)


async def begin(
    session: AsyncSession, *, actor: str, key: str, body_hash: str, now: datetime
) -> dict[str, Any] | None:
    """None when this act is new and now ours to perform, else the answer given before.

    On PostgreSQL a second request with the same key waits here until the first has committed.
    """
    insert = upsert(session, StoredAnswer).values(
        actor=actor, key=key, body_hash=body_hash, answer={}, at=now
    )
    mine = await session.scalars(insert.on_conflict_do_nothing().returning(StoredAnswer.key))
    if mine.first() is not None:
        return None
    stored = (
        await session.scalars(
            select(StoredAnswer).where(StoredAnswer.actor == actor, StoredAnswer.key == key)
        )
    ).one()
    if stored.body_hash != body_hash:
        raise Refusal("key_reused", "同一个 Idempotency-Key 用在了不同的请求上", status=422)
    return stored.answer


async def finish(session: AsyncSession, *, actor: str, key: str, answer: dict[str, Any]) -> None:
    await session.execute(
        update(StoredAnswer)
        .where(StoredAnswer.actor == actor, StoredAnswer.key == key)
        .values(answer=answer)
    )
