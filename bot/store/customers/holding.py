"""Whose an id is."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Identity
from bot.domain.merging import Key, same_person
from bot.store.family import stands_for


def is_(known: Key) -> ColumnElement[bool]:
    """An openid is unique without its account."""
    same = and_(Identity.kind == known.kind, Identity.value == known.value)
    return same if known.kind == "openid" else and_(same, Identity.account == known.account)


async def holders(session: AsyncSession, known: Key) -> dict[str, Customer]:
    """Whose id this is, by kind, the id's own kind first. Several people under it must be one."""
    keys = same_person(known)
    wanted = {(each.kind, each.value): each.account for each in keys}
    named = {"kinds": [each.kind for each in keys], "values": [each.value for each in keys]}
    found = {
        kind: await stands_for(session, holder)
        for kind, value, account, holder in await session.execute(_HOLDERS, named)
        if kind == "openid" or wanted.get((kind, value)) == account
    }
    return {each.kind: found[each.kind] for each in keys if each.kind in found}


# Asked for every id that is seen anywhere: built once.
_HOLDERS = (
    select(Identity.kind, Identity.value, Identity.account, Customer)
    .join(Customer, Customer.id == Identity.customer_id)
    # Not as pairs: SQLite finds no index for those.
    .where(
        Identity.kind.in_(bindparam("kinds", expanding=True)),
        Identity.value.in_(bindparam("values", expanding=True)),
    )
)
