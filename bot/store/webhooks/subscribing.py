"""Who listens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.refusals import Refusal
from bot.domain.webhooks import Notice, Webhook
from bot.store.webhooks.gathering import here

MOST = 20


async def add(
    session: AsyncSession, *, url: str, kinds: Sequence[str], by: str, now: datetime
) -> Webhook:
    """Raises Refusal too_many."""
    if len(await listed(session)) >= MOST:
        raise Refusal("too_many", f"最多 {MOST} 个 webhook，先删掉不用的")
    hook = Webhook(url=url, kinds=sorted(set(kinds)), state="active", created_at=now, by=by)
    hook.marks, hook.look_at = await here(session, now), now
    session.add(hook)
    await session.flush()
    return hook


async def listed(session: AsyncSession) -> Sequence[Webhook]:
    query = select(Webhook).where(Webhook.state != "removed").order_by(Webhook.id)
    return (await session.scalars(query)).all()


async def by_id(session: AsyncSession, hook_id: int) -> Webhook | None:
    found = await session.get(Webhook, hook_id)
    return None if found is None or found.state == "removed" else found


async def due_hooks(session: AsyncSession, now: datetime) -> Sequence[Webhook]:
    query = select(Webhook).where(Webhook.state == "active", Webhook.look_at <= now)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def remove(session: AsyncSession, hook_id: int) -> None:
    await _end(session, hook_id, "removed")


async def disable(session: AsyncSession, hook_id: int) -> None:
    await _end(session, hook_id, "disabled")


async def _end(session: AsyncSession, hook_id: int, state: str) -> None:
    await session.execute(update(Webhook).where(Webhook.id == hook_id).values(state=state))
    await session.execute(
        update(Notice)
        .where(Notice.webhook_id == hook_id, Notice.state == "waiting")
        .values(state="dropped")
    )
