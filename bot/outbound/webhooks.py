"""Telling other systems what happened (Standard Webhooks): signed, tried again for days, then given up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import timedelta

from bot.domain.webhooks import Notice
from bot.platforms.signing import sign_webhook
from bot.store import audit, webhooks
from bot.work.context import Work

LOOK = timedelta(seconds=15)
AT_ONCE = 20


def secret_of(key: bytes, hook_id: int) -> str:
    """A listener's secret: made of ours, so that it is kept nowhere."""
    made = hmac.digest(key, f"siyu webhook {hook_id}".encode(), hashlib.sha256)
    return "whsec_" + base64.b64encode(made).decode()


async def tell_due(work: Work) -> int:
    """Look what happened, and tell what is due."""
    await _gather(work)
    async with work.sessions.begin() as session:
        taken = await webhooks.due(session, work.now(), AT_ONCE)
    statuses = await asyncio.gather(*(_post(work, notice, url) for notice, url in taken))
    async with work.sessions.begin() as session:
        for (notice, _), status in zip(taken, statuses, strict=True):
            told = 200 <= status < 300
            if await webhooks.settle(session, notice, work.now(), told=told, gone=status == 410):
                await audit.append(
                    session,
                    at=work.now(),
                    actor="system:siyu",
                    action="disable_webhook",
                    subject=f"webhook_id:{notice.webhook_id}",
                    detail={"status": status},
                )
    return len(taken)


async def _gather(work: Work) -> None:
    now = work.now()
    async with work.sessions.begin() as session:
        hooks = await webhooks.due_hooks(session, now)
        for hook in hooks:
            await webhooks.gather(session, hook, now)
            hook.look_at = now + LOOK
        if hooks:
            await webhooks.purge(session, now)


async def _post(work: Work, notice: Notice, url: str) -> int:
    body = json.dumps(
        {"type": notice.kind, "timestamp": notice.at.isoformat(), "data": notice.data},
        ensure_ascii=False,
    ).encode()
    identifier, stamp = f"msg_{notice.id}", int(work.now().timestamp())
    secret = secret_of(work.settings.key, notice.webhook_id)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "siyu",
        "webhook-id": identifier,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign_webhook(secret, identifier, stamp, body),
    }
    return await work.outward.post(
        url, headers, body, private=work.settings.webhook_private and not work.settings.production
    )
