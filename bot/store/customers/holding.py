"""Whose an id is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Identity
from bot.domain.merging import Key, same_person
from bot.store.bulk import among
from bot.store.engine import dialect_of
from bot.store.family import stands_for
from bot.store.together import together


def is_(known: Key) -> ColumnElement[bool]:
    """An openid is unique without its account."""
    same = and_(Identity.kind == known.kind, Identity.value == known.value)
    return same if known.kind == "openid" else and_(same, Identity.account == known.account)


async def holders(session: AsyncSession, known: Key) -> dict[str, Customer]:
    """Whose id this is, by kind, the id's own kind first. Several people under it must be one."""
    return await together(session, _holders_of, known)


async def known_by(
    session: AsyncSession, ids: Collection[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Which records stand for these platform ids, each a kind and its value."""
    asked = sorted(ids)
    found = await _holders_of(session, [Key(*one) for one in asked])
    return {
        one: next(iter(hers.values())).id for one, hers in zip(asked, found, strict=True) if hers
    }


async def _holders_of(session: AsyncSession, known: Sequence[Key]) -> list[dict[str, Customer]]:
    keys = [same_person(each) for each in known]
    kinds = {each.kind for those in keys for each in those}
    named = {"kinds": sorted(kinds), "values": sorted({each.value for each in known})}
    found: dict[Key, Customer] = {}
    for kind, value, account, holder in await session.execute(
        _holders(dialect_of(session)), named
    ):
        customer = await stands_for(session, holder)
        found[Key(kind, value, account)] = customer
        if kind == "openid":
            found[Key(kind, value)] = customer
    return [
        {each.kind: found[at] for each in those if (at := _place(each)) in found} for those in keys
    ]


def _place(known: Key) -> Key:
    return known._replace(account="") if known.kind == "openid" else known


# Asked for every id that is seen anywhere: built once.
@cache
def _holders(dialect: str) -> Select[str, str, str, Customer]:
    return (
        select(Identity.kind, Identity.value, Identity.account, Customer)
        .join(Customer, Customer.id == Identity.customer_id)
        # Not as pairs: SQLite finds no index for those.
        .where(among(dialect, Identity.kind, "kinds"), among(dialect, Identity.value, "values"))
    )
