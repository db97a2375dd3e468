"""Whose an id is."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, bindparam, select, tuple_
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
    accounts = {each.kind: each.account for each in keys}
    rows = await session.execute(_HOLDERS, {"ids": [(each.kind, each.value) for each in keys]})
    found = {
        kind: await stands_for(session, holder)
        for kind, account, holder in rows
        if kind == "openid" or account == accounts[kind]
    }
    return {each.kind: found[each.kind] for each in keys if each.kind in found}


# Asked for every id that is seen anywhere: built once.
_HOLDERS = (
    select(Identity.kind, Identity.account, Customer)
    .join(Customer, Customer.id == Identity.customer_id)
    .where(tuple_(Identity.kind, Identity.value).in_(bindparam("ids", expanding=True)))
)
