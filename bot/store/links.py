"""Short links in messages: one per person and purpose, unguessable, counted when opened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.delivery import ShortLink
from bot.store.engine import upsert
from bot.store.vault import Vault

LENGTH = 24
"""Hex digits: 96 bits that nobody guesses, short enough for a message."""


async def make(
    session: AsyncSession,
    vault: Vault,
    *,
    target: str,
    now: datetime,
    customer_id: int | None = None,
    touch_id: int | None = None,
    tag: str | None = None,
) -> str:
    """The token of the link to `target`; the same person, touch and target get the same one again."""
    token = vault.sign(f"link|{customer_id}|{touch_id}|{target}|{tag}")[:LENGTH]
    row = upsert(session, ShortLink).values(
        token=token,
        customer_id=customer_id,
        touch_id=touch_id,
        target=target,
        tag=tag,
        created_at=now,
        opens=0,
    )
    await session.execute(row.on_conflict_do_nothing(index_elements=["token"]))
    return token


async def find(session: AsyncSession, token: str) -> ShortLink | None:
    return await session.get(ShortLink, token)


async def opened(session: AsyncSession, token: str, at: datetime) -> None:
    """Count the opening; the first one is the link's and the touch's own. An unknown token opens nothing."""
    link = await session.get(ShortLink, token, with_for_update=True, populate_existing=True)
    if link is None:
        return
    link.opens += 1
    link.opened_at = min(link.opened_at or at, at)
    if link.touch_id is not None:
        touch = await session.get_one(Touch, link.touch_id, populate_existing=True)
        touch.opened_at = min(touch.opened_at or at, at)
