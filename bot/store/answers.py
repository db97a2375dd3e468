"""Answers to commands, stored with their key and given again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.audit import StoredAnswer
from bot.domain.refusals import Refusal
from bot.store.engine import upsert


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
