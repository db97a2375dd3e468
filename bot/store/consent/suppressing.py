"""People who are never to be contacted again, known by keyed hashes of their ids alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.consent import Suppression
from bot.domain.customers import Customer, Identity
from bot.store import touches
from bot.store.bulk import among
from bot.store.engine import dialect_of, upsert
from bot.store.family import family, surviving
from bot.store.vault import Vault

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


async def _hashes(session: AsyncSession, vault: Vault, customer_id: int) -> list[str]:
    hers = await family(session, await surviving(session, customer_id))
    ids = await session.execute(
        select(Identity.kind, Identity.value).where(Identity.customer_id.in_(hers))
    )
    return [_hash(vault, kind, value) for kind, value in ids]


def _hash(vault: Vault, kind: str, value: str) -> str:
    # kf and 客户联系 share one id space: she is as suppressed on the one as on the other.
    return vault.blind(f"{kind.replace('kf', 'external_userid')}|{value}", about="suppression")
