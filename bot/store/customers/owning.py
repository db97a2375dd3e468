"""Writing ids down as hers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.consent import Suppression
from bot.domain.customers import Identity
from bot.domain.merging import CONFIDENCE, Key
from bot.store.adding import add_new
from bot.store.bulk import among
from bot.store.consent.suppressing import ERASED, hash_of
from bot.store.engine import dialect_of
from bot.store.together import together
from bot.store.vault import Vault


class Sight(NamedTuple):
    """One id, seen at one moment, with what makes us believe it."""

    key: Key
    at: datetime
    evidence: str
    beside: Key | None


class Owned(NamedTuple):
    id: int
    erased_at: datetime | None
    """When whoever had this id before was erased."""


class _Claimed(NamedTuple):
    customer_id: int
    sight: Sight
    hash: str


async def own(session: AsyncSession, vault: Vault, customer_id: int, sight: Sight) -> Owned | None:
    """Write the id down as hers; None when it is somebody's already."""
    before = hash_of(vault, sight.key.kind, sight.key.value)
    return await together(session, _own_many, _Claimed(customer_id, sight, before))


async def _own_many(session: AsyncSession, claimed: Sequence[_Claimed]) -> Sequence[Owned | None]:
    hashes = {"hashes": [each.hash for each in claimed]}
    erased = dict((await session.execute(_erased(dialect_of(session)), hashes)).all())
    homes = await _homes(session, {each.sight.beside for each in claimed if each.sight.beside})
    rows = [_identity(each, homes) for each in claimed]
    written = await add_new(session, Identity, rows, returning=("id", *Key._fields))
    ids = {Key(*key): number for number, *key in written}
    # Who claims the same once more comes too late.
    return [
        None if (number := ids.pop(each.sight.key, None)) is None
        else Owned(number, erased.get(each.hash))
        for each in claimed
    ]  # fmt: skip


async def _homes(session: AsyncSession, besides: Collection[Key]) -> dict[Key, int]:
    if not besides:
        return {}
    kinds, values = {each.kind for each in besides}, {each.value for each in besides}
    named = {"kinds": sorted(kinds), "values": sorted(values)}
    return {Key(*key): home for home, *key in await session.execute(_HOMES, named) if home}


def _identity(claimed: _Claimed, homes: Mapping[Key, int]) -> dict[str, Any]:
    """Its home is that of the id beside which it came: the record that holds both may be two people's."""
    customer_id, sight, _ = claimed
    return {
        "customer_id": customer_id,
        **sight.key._asdict(),
        "confidence": CONFIDENCE.get(sight.key.kind, 1.0),
        "evidence": sight.evidence,
        "since": sight.at,
        "home": homes.get(sight.beside or sight.key, customer_id),
    }


_KEY = [getattr(Identity, name) for name in Key._fields]
_HOMES = select(Identity.home, *_KEY).where(
    Identity.kind.in_(bindparam("kinds", expanding=True)),
    Identity.value.in_(bindparam("values", expanding=True)),
)


@cache
def _erased(dialect: str) -> Select[str, datetime]:
    asked = among(dialect, Suppression.hash, "hashes")
    return select(Suppression.hash, Suppression.at).where(asked, Suppression.reason == ERASED)
