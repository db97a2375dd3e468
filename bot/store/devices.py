"""Tills of a store: paired by a link that is good once, opened by a PIN, locked for a while by wrong ones."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.access import StoreDevice
from bot.domain.customers import Store
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.store.access import fingerprint

_hasher = PasswordHasher()


async def add(session: AsyncSession, *, name: str, store: str, pin: str, now: datetime) -> str:
    """The token of the link that pairs it. Raises Refusal no_such_store."""
    if await session.scalar(select(Store.id).where(Store.code == store)) is None:
        raise Refusal("no_such_store", f"没有代码为 {store} 的门店", status=422)
    token = secrets.token_urlsafe(24)
    session.add(
        StoreDevice(
            hash=fingerprint(token),
            name=name,
            store=store,
            pin_hash=_hasher.hash(pin),
            created_at=now,
        )
    )
    await session.flush()
    return token


async def pair(session: AsyncSession, token: str, now: datetime) -> str | None:
    """The cookie of the browser that opened the link first; None for a link that was used."""
    cookie = secrets.token_urlsafe(32)
    paired = (
        update(StoreDevice)
        .where(
            StoreDevice.hash == fingerprint(token),
            StoreDevice.paired_at.is_(None),
            StoreDevice.revoked_at.is_(None),
        )
        .values(hash=fingerprint(cookie), paired_at=now)
        .returning(StoreDevice.id)
    )
    return cookie if await session.scalar(paired) is not None else None


async def known(session: AsyncSession, cookie: str) -> StoreDevice | None:
    query = select(StoreDevice).where(
        StoreDevice.hash == fingerprint(cookie),
        StoreDevice.paired_at.is_not(None),
        StoreDevice.revoked_at.is_(None),
    )
    return (await session.scalars(query)).first()


def opens(device: StoreDevice, pin: str) -> bool:
    try:
        return _hasher.verify(device.pin_hash, pin)
    except VerificationError:
        return False


def at(device: StoreDevice) -> Actor:
    """Who stands there: the till, not a person with a name."""
    return Actor(kind="clerk", id=f"till-{device.id}", store=device.store)


async def listed(session: AsyncSession) -> Sequence[StoreDevice]:
    return (await session.scalars(select(StoreDevice).order_by(StoreDevice.id))).all()


async def revoke(session: AsyncSession, device_id: int, now: datetime) -> bool:
    gone = (
        update(StoreDevice)
        .where(StoreDevice.id == device_id, StoreDevice.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return await session.scalar(gone.returning(StoreDevice.id)) is not None
