"""What is still to be told, and what became of telling it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.webhooks import GIVE_UP, Notice, Webhook, wait_after
from bot.store.webhooks.subscribing import disable

LEASE = timedelta(minutes=2)
KEPT = timedelta(days=7)


async def due(session: AsyncSession, now: datetime, limit: int) -> Sequence[tuple[Notice, str]]:
    """Notices with the address each goes to, taken for two minutes: nobody else tells them meanwhile."""
    query = (
        select(Notice, Webhook.url)
        .join(Webhook, Webhook.id == Notice.webhook_id)
        .where(Notice.state == "waiting", Notice.due_at <= now, Webhook.state == "active")
        .order_by(Notice.due_at, Notice.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Notice)
    )
    rows = [(notice, url) for notice, url in await session.execute(query)]
    for notice, _ in rows:
        notice.attempts, notice.due_at = notice.attempts + 1, now + LEASE
    return rows


async def settle(
    session: AsyncSession, notice: Notice, now: datetime, *, told: bool, gone: bool = False
) -> bool:
    """True when this was one failure too many, and the webhook is disabled."""
    if told:
        done = {"state": "told", "settled_at": now}
        await session.execute(update(Notice).where(Notice.id == notice.id).values(**done))
        await _mark(session, notice.webhook_id, None)
        return False
    later = now + wait_after(notice.attempts)
    await session.execute(update(Notice).where(Notice.id == notice.id).values(due_at=later))
    hook = await session.get(Webhook, notice.webhook_id, populate_existing=True)
    since = (hook.failing_since if hook else None) or now
    await _mark(session, notice.webhook_id, since)
    if gone or now - since >= GIVE_UP:
        await disable(session, notice.webhook_id)
        return True
    return False


async def _mark(session: AsyncSession, hook_id: int, since: datetime | None) -> None:
    mark = update(Webhook).where(Webhook.id == hook_id).values(failing_since=since)
    await session.execute(mark.execution_options(synchronize_session=False))


async def purge(session: AsyncSession, now: datetime) -> None:
    old = delete(Notice).where(Notice.state != "waiting", Notice.at < now - KEPT)
    await session.execute(old)
