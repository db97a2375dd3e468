"""Pairs that may be one person, each side as somebody at a desk can judge it; and the merges that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.customers import Customer, Follow, Guide, Identity, MergeRecord, Secret
from bot.domain.orders import Order
from bot.store import customers
from bot.store.customers import Question
from bot.store.customers.people import PHONE
from bot.store.vault import Vault

SHOWN = 50


class Side(NamedTuple):
    customer: Customer
    name: str
    """In clear, like the phone: whoever shows it masks it."""
    phone: str
    identities: Sequence[Identity]
    guides: Sequence[str]
    orders: int
    spent_fen: int


class Pair(NamedTuple):
    question: Question
    kept: Side
    merged: Side


class Merged(NamedTuple):
    record: MergeRecord
    kept: Side
    merged_ref: str


async def waiting(session: AsyncSession, vault: Vault) -> list[Pair]:
    """The surest first."""
    return [
        Pair(
            each,
            await _side(session, vault, each.kept_id),
            await _side(session, vault, each.merged_id),
        )
        for each in await customers.proposals(session, limit=SHOWN)
    ]


async def done(session: AsyncSession, vault: Vault, *, limit: int = 20) -> list[Merged]:
    """The newest merges that still stand."""
    found = await session.execute(
        select(MergeRecord, Customer.ref)
        .join(Customer, Customer.id == MergeRecord.merged_id)
        .where(MergeRecord.state == "merged")
        .order_by(MergeRecord.id.desc())
        .limit(limit)
    )
    return [
        Merged(
            record,
            await _side(session, vault, await customers.surviving(session, record.kept_id)),
            ref,
        )
        for record, ref in found.all()
    ]


async def records(
    session: AsyncSession, below: int | None, *, limit: int
) -> list[tuple[MergeRecord, str, str]]:
    """Every question and its answer with the refs of both records, the newest first."""
    kept, merged = aliased(Customer), aliased(Customer)
    query = (
        select(MergeRecord, kept.ref, merged.ref)
        .join(kept, kept.id == MergeRecord.kept_id)
        .join(merged, merged.id == MergeRecord.merged_id)
        .order_by(MergeRecord.id.desc())
        .limit(limit)
    )
    if below is not None:
        query = query.where(MergeRecord.id < below)
    return [(one, keeps, goes) for one, keeps, goes in await session.execute(query)]


async def _side(session: AsyncSession, vault: Vault, customer_id: int) -> Side:
    customer = await session.get_one(Customer, customer_id)
    name = await customers.name_of(session, vault, customer_id)
    phone = await _phone(session, vault, customer_id)
    ids = select(Identity).where(Identity.customer_id == customer_id).order_by(Identity.id)
    guides = (
        select(Guide.name)
        .join(Follow, Follow.guide_id == Guide.id)
        .where(Follow.customer_id == customer_id, Follow.ended_at.is_(None))
    )
    bought = select(
        func.count(), func.coalesce(func.sum(Order.amount_fen - Order.refunded_fen), 0)
    ).where(Order.customer_id == customer_id, Order.paid_at.is_not(None))
    orders, spent = (await session.execute(bought)).one()
    return Side(
        customer,
        name,
        phone,
        (await session.scalars(ids)).all(),
        (await session.scalars(guides)).all(),
        orders,
        int(spent),
    )


async def _phone(session: AsyncSession, vault: Vault, customer_id: int) -> str:
    sealed = await session.scalar(select(Secret.phone).where(Secret.customer_id == customer_id))
    return await vault.unseal_for(session, customer_id, sealed, about=PHONE) if sealed else ""
