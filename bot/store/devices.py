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
from bot.store.access import close_sessions, fingerprint, hashed

_hasher = PasswordHasher()


async def add(session: AsyncSession, *, name: str, store: str, pin: str, now: datetime) -> str:
    """The token of the link that pairs it. Raises Refusal no_such_store."""
    token = secrets.token_urlsafe(24)
    till = StoreDevice(name=name, store=store, created_at=now)
    till.hash, till.pin_hash = fingerprint(token), hashed(pin)
    await put(session, till)
    return token


async def put(session: AsyncSession, till: StoreDevice) -> None:
    """Raises Refusal no_such_store."""
    if await session.scalar(select(Store.id).where(Store.code == till.store)) is None:
        raise Refusal("no_such_store", f"没有代码为 {till.store} 的门店", status=422)
    session.add(till)
    await session.flush()


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


async def listed(session: AsyncSession, store: str | None = None) -> Sequence[StoreDevice]:
    """Those in use first."""
    query = select(StoreDevice)
    if store is not None:
        query = query.where(StoreDevice.store == store)
    order = StoreDevice.revoked_at.is_not(None), StoreDevice.store, StoreDevice.id
    return (await session.scalars(query.order_by(*order))).all()


async def in_use(session: AsyncSession, device_id: int) -> StoreDevice | None:
    found = await session.get(StoreDevice, device_id, with_for_update=True)
    return found if found is not None and found.revoked_at is None else None


async def set_pin(session: AsyncSession, device: StoreDevice, pin_hash: str) -> None:
    """Whoever stands there types the new one, at once."""
    device.pin_hash = pin_hash
    await close_sessions(session, at(device).id)


async def revoke(session: AsyncSession, device_id: int, now: datetime) -> bool:
    """Whoever stands there is out, at once."""
    device = await in_use(session, device_id)
    if device is None:
        return False
    device.revoked_at = now
    await close_sessions(session, at(device).id)
    return True
