"""Cases that are not closed, the one with the least time left first, and one of them whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases import Case, CaseStep
from bot.domain.customers import Customer, Guide, Secret, Store
from bot.domain.tiers import CustomerTier
from bot.store import cases
from bot.store.roster import opened_name
from bot.store.vault import Vault

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    case: Case
    customer: Customer
    name: str
    """In clear: whoever shows it masks it."""
    tier: str
    guide: str
    store: str

    @property
    def due(self) -> datetime | None:
        """When the running clock ends; None while she has to answer."""
        if self.case.state in {"waiting", "closed"}:
            return None
        return self.case.resolve_due if self.case.answered_at else self.case.answer_due


@dataclass(frozen=True, slots=True)
class Whole:
    """One case with every step and its words."""

    queued: Queued
    steps: Sequence[tuple[CaseStep, str]]


async def queue(
    session: AsyncSession, vault: Vault, *, store: str | None = None, limit: int = MOST
) -> list[Queued]:
    running = when((Case.answered_at.is_(None), Case.answer_due), else_=Case.resolve_due)
    query = (
        _rows()
        .where(Case.state != "closed")
        .order_by(Case.state == "waiting", running, Case.id)
        .limit(limit)
    )
    if store is not None:
        query = query.where(Store.code == store)
    return [_queued(vault, *row) for row in (await session.execute(query))]


async def whole(session: AsyncSession, vault: Vault, case_id: int) -> Whole | None:
    row = (await session.execute(_rows().where(Case.id == case_id))).first()
    if row is None:
        return None
    found = select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.id)
    steps = (await session.scalars(found)).all()
    words = await cases.words_of(session, vault, row[0], steps)
    return Whole(_queued(vault, *row), list(zip(steps, words, strict=True)))


def _rows() -> Any:
    return (
        select(Case, Customer, Secret, CustomerTier.tier, Guide.name, Store)
        .join(Customer, Customer.id == Case.customer_id)
        .outerjoin(Secret, Secret.customer_id == Customer.id)
        .outerjoin(CustomerTier, CustomerTier.customer_id == Customer.id)
        .outerjoin(Guide, Guide.id == Case.assigned_to)
        .outerjoin(Store, Store.id == Guide.store_id)
        .execution_options(populate_existing=True)
    )


def _queued(
    vault: Vault,
    found: Case,
    customer: Customer,
    secret: Secret | None,
    tier: str | None,
    guide: str | None,
    store: Store | None,
) -> Queued:
    return Queued(
        case=found,
        customer=customer,
        name=opened_name(vault, secret),
        tier=tier or "",
        guide=guide or "",
        store=store.name if store else "",
    )
