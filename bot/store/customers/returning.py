"""Somebody who was erased comes back by an act of her own: she is somebody again, and asked anew about everything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Identity
from bot.store import consent
from bot.store.customers import people
from bot.store.vault import Vault

HER_OWN = ("external_userid", "kf", "openid")
"""Ids that only she brings: by adding a guide, writing, or following the account."""


async def acted(session: AsyncSession, vault: Vault, customer: Customer, at: datetime) -> None:
    """News from before the erasure, told late, is no act."""
    if customer.erased_at is None or at <= customer.erased_at:
        return
    customer.erased_at = None
    await session.flush()
    await consent.release(session, vault, customer.id, reason=consent.ERASED)


async def meets_nobody(
    session: AsyncSession, vault: Vault, nobody: Customer, other: Customer, at: datetime
) -> None:
    """A record with a name turns out to be hers who was erased: an act of hers brought it, or somebody's file."""
    own = select(Identity.id).where(Identity.customer_id == other.id, Identity.kind.in_(HER_OWN))
    if await session.scalar(own.limit(1)) is None:
        await people.become_nobody(session, other, at)
    else:
        await acted(session, vault, nobody, max(at, other.created_at))
