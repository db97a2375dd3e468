"""Why a customer has her tier, and by which ids she was imported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Executable, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import phones
from bot.domain.customers import Customer, Identity
from bot.domain.influence import Influence
from bot.domain.tiering import Ints
from bot.domain.tiers import TIERS, CustomerTier, PurchaseStats, TierMove
from bot.store.relationship import Brought, brought
from bot.store.tiers.running import Rerun
from bot.store.vault import Vault

USUAL = Influence()


@dataclass(frozen=True, slots=True)
class Explanation:
    customer: Customer
    tier: CustomerTier | None
    """None without a paid order."""
    stats: PurchaseStats | None
    moves: Sequence[TierMove]
    """Newest first."""
    brought: Brought
    """Behind her influence."""


async def tier_of(session: AsyncSession, customer_id: int) -> CustomerTier | None:
    return await session.get(CustomerTier, customer_id, populate_existing=True)


async def moves_at(session: AsyncSession, since: datetime, until: datetime) -> list[TierMove]:
    """Who changed tier, from one moment up to another."""
    when = (TierMove.at >= since, TierMove.at < until)
    return list(await session.scalars(select(TierMove).where(*when).order_by(TierMove.id)))


async def explain(
    session: AsyncSession,
    vault: Vault,
    said: str,
    *,
    now: datetime,
    influence: Influence = USUAL,
) -> list[Explanation]:
    """Everybody who can be meant by a reference, any platform id, a buyer id or a phone number."""
    blind = vault.blind(phones.digits(said))
    named = select(Identity.customer_id).where(
        or_(Identity.value == said, Identity.value == blind)
    )
    query = select(Customer).where(
        Customer.merged_into.is_(None), or_(Customer.ref == said, Customer.id.in_(named))
    )
    customers = (await session.scalars(query.order_by(Customer.id).limit(20))).all()
    return [
        await _explain(session, customer, await brought(session, customer.id, influence, now))
        for customer in customers
    ]


async def _explain(session: AsyncSession, customer: Customer, brought: Brought) -> Explanation:
    moves = select(TierMove).where(TierMove.customer_id == customer.id)
    return Explanation(
        customer=customer,
        tier=await tier_of(session, customer.id),
        stats=await session.get(PurchaseStats, customer.id, populate_existing=True),
        moves=(await session.scalars(moves.order_by(TierMove.id.desc()).limit(20))).all(),
        brought=brought,
    )


async def export_rows(session: AsyncSession, run: Rerun) -> AsyncIterator[tuple[str, str, float]]:
    """Id, tier and score of everybody, by the ids that the shop knows; our reference where it knows none."""
    async for at, value in _named(session, run.customers):
        yield value, TIERS[run.tiers[at]], float(run.scores[at])


async def names_of(session: AsyncSession, customers: Ints) -> dict[int, str]:
    """One id for each of these sorted customers: the shop's own if it has one."""
    found: dict[int, str] = {}
    async for at, value in _named(session, customers):
        found.setdefault(int(customers[at]), value)
    return found


async def _named(session: AsyncSession, customers: Ints) -> AsyncIterator[tuple[int, str]]:
    done = np.zeros(len(customers), dtype=bool)
    for query in (_by("buyer_id"), _by("member_no"), select(Customer.id, Customer.ref)):
        now = done.copy()
        async for customer_id, value in await session.stream(query):
            at = int(np.searchsorted(customers, customer_id))
            if at == len(done) or customers[at] != customer_id or done[at]:
                continue
            now[at] = True
            yield at, value
        done = now


def _by(kind: str) -> Executable:
    query = select(Identity.customer_id, Identity.value).where(Identity.kind == kind)
    return query.order_by(Identity.id)
