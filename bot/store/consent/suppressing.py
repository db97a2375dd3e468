"""People who are never to be contacted again, known by keyed hashes of their ids alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.consent import Suppression
from bot.domain.customers import Customer, Identity
from bot.store import touches
from bot.store.bulk import among
from bot.store.engine import dialect_of, upsert
from bot.store.family import family, surviving
from bot.store.vault import Vault

AT_ONCE = 500
ERASED = "erased"
"""Why somebody may not be contacted who was erased: until an act of her own."""
_ANY_SUPPRESSION = select(Suppression.hash).limit(1)


async def suppressed(
    session: AsyncSession, vault: Vault, customer_ids: Collection[int]
) -> set[int]:
    """Of these living customers, those one of whose ids asked never to be contacted again."""
    if not customer_ids or await session.scalar(_ANY_SUPPRESSION) is None:
        return set()
    identities, among_them = _asked(dialect_of(session))
    ids = await session.execute(identities, {"ids": list(customer_ids)})
    owners = {_hash(vault, kind, value): owner for owner, kind, value in ids}
    hit = await session.scalars(among_them, {"hashes": list(owners)})
    return {owners[one] for one in hit}


@cache
def _asked(dialect: str) -> tuple[Select[*tuple[Any, ...]], Select[str]]:
    """Whose ids are looked at, and which of their hashes are known; asked before every call."""
    person = func.coalesce(Customer.merged_into, Customer.id)
    hers = [among(dialect, column, "ids") for column in (Customer.id, Customer.merged_into)]
    identities = (
        select(person, Identity.kind, Identity.value)
        .join(Customer, Customer.id == Identity.customer_id)
        .where(or_(*hers))
    )
    return identities, select(Suppression.hash).where(among(dialect, Suppression.hash, "hashes"))


async def suppress(
    session: AsyncSession, vault: Vault, customer_id: int, *, reason: str, at: datetime
) -> None:
    """Never again, whoever of her ids turns up later and wherever."""
    for hashed in await _hashes(session, vault, customer_id):
        row = upsert(session, Suppression).values(hash=hashed, at=at, reason=reason)
        await session.execute(row.on_conflict_do_nothing())
    for hers in await family(session, customer_id):
        await touches.cancel_for(
            session, customer_id=hers, reason="suppressed", now=at, purpose=None
        )


async def release(session: AsyncSession, vault: Vault, customer_id: int, *, reason: str) -> None:
    """What was forbidden for this reason is so no more; other reasons stand."""
    hashes = await _hashes(session, vault, customer_id)
    mine = Suppression.hash.in_(hashes), Suppression.reason == reason
    await session.execute(delete(Suppression).where(*mine))


async def seal_off(session: AsyncSession, vault: Vault, customer_id: int, *, at: datetime) -> None:
    """She is erased: whoever of her ids comes again is nobody until she acts herself."""
    hashes = await _hashes(session, vault, customer_id)
    for start in range(0, len(hashes), AT_ONCE):
        mine = Suppression.hash.in_(hashes[start : start + AT_ONCE])
        told = {"reason": ERASED, "at": at}
        await session.execute(
            update(Suppression).where(mine, Suppression.reason == "erasing").values(told)
        )


async def erased(session: AsyncSession, hashes: Collection[str]) -> set[str]:
    """Which of these are ids of people who were erased."""
    if not await anybody_suppressed(session):
        return set()
    found, all_ = set[str](), list(hashes)
    for start in range(0, len(all_), AT_ONCE):
        these = Suppression.hash.in_(all_[start : start + AT_ONCE])
        query = select(Suppression.hash).where(these, Suppression.reason == ERASED)
        found |= set(await session.scalars(query))
    return found


async def anybody_suppressed(session: AsyncSession) -> bool:
    """Asked before thousands of hashes are made."""
    return await session.scalar(_ANY_SUPPRESSION) is not None


def hash_of(vault: Vault, kind: str, value: str) -> str:
    return _hash(vault, kind, value)


async def _hashes(session: AsyncSession, vault: Vault, customer_id: int) -> list[str]:
    hers = await family(session, await surviving(session, customer_id))
    ids = await session.execute(
        select(Identity.kind, Identity.value).where(Identity.customer_id.in_(hers))
    )
    return [_hash(vault, kind, value) for kind, value in ids]


def _hash(vault: Vault, kind: str, value: str) -> str:
    # kf and 客户联系 share one id space: she is as suppressed on the one as on the other.
    return vault.blind(f"{kind.replace('kf', 'external_userid')}|{value}", about="suppression")
