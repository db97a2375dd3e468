"""Records that were folded into one another: who stands for whom."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.store.bulk import among
from bot.store.engine import dialect_of
from bot.store.together import together


def _family() -> Select[int]:
    tree = (
        select(Customer.id).where(Customer.id == bindparam("whose")).cte("family", recursive=True)
    )
    tree = tree.union_all(select(Customer.id).join(tree, Customer.merged_into == tree.c.id))
    return select(tree.c.id)


# Asked before every coupon and with every message: built once.
FAMILY = _family()
"""The ids of the record named `whose` and of all that were folded into it, however deep."""
_INTO = select(Customer.merged_into).where(Customer.id == bindparam("whose"))


async def surviving(session: AsyncSession, customer_id: int) -> int:
    """The record that stands for this one now: itself, unless it was merged."""
    current = customer_id
    while True:
        into = await session.scalar(_INTO, {"whose": current})
        if into is None:
            return current
        current = into


async def stands_for(session: AsyncSession, customer: Customer) -> Customer:
    while customer.merged_into is not None:
        customer = await session.get_one(Customer, customer.merged_into)
    return customer


async def family(session: AsyncSession, customer_id: int) -> list[int]:
    """The record itself and all that were folded into it. Sent touches stay with the old ones."""
    return await together(session, _families_of, customer_id)


async def _families_of(session: AsyncSession, ids: Sequence[int]) -> list[list[int]]:
    found: dict[int, list[int]] = {each: [] for each in ids}
    for head, one in await session.execute(_families(dialect_of(session)), {"heads": list(ids)}):
        found[head].append(one)
    return [found[each] for each in ids]


@cache
def _families(dialect: str) -> Select[int, int]:
    heads = select(Customer.id.label("head"), Customer.id.label("one"))
    tree = heads.where(among(dialect, Customer.id, "heads")).cte("families", recursive=True)
    tree = tree.union_all(
        select(tree.c.head, Customer.id).join(tree, Customer.merged_into == tree.c.one)
    )
    return select(tree.c.head, tree.c.one)
