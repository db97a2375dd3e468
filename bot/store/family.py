"""Records that were folded into one another: who stands for whom."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer


async def surviving(session: AsyncSession, customer_id: int) -> int:
    """The record that stands for this one now: itself, unless it was merged."""
    current = customer_id
    while True:
        into = await session.scalar(select(Customer.merged_into).where(Customer.id == current))
        if into is None:
            return current
        current = into


async def stands_for(session: AsyncSession, customer: Customer) -> Customer:
    while customer.merged_into is not None:
        customer = await session.get_one(Customer, customer.merged_into)
    return customer


async def family(session: AsyncSession, customer_id: int) -> list[int]:
    """The record itself and all that were folded into it, however deep. Sent touches stay with the old ones."""
    tree = select(Customer.id).where(Customer.id == customer_id).cte("family", recursive=True)
    tree = tree.union_all(select(Customer.id).join(tree, Customer.merged_into == tree.c.id))
    return list(await session.scalars(select(tree.c.id)))
