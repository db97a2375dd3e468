"""Cases that are not closed, the one with the least time left first, and one of them whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases import Case, CaseStep
from bot.domain.customers import Customer, Guide, Secret, Store
from bot.domain.orders import Order, OrderLine
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One case with every step and its words, and what the shop knows of her."""

    queued: Queued
    steps: Sequence[tuple[CaseStep, str]]
    bought: str
    """Her last order, or what the case is about."""
    bought_at: datetime | None
    bought_fen: int
    spent_fen: int
    """In twelve months, net."""
    returns: int
    cases: int
    """Earlier ones of hers."""


VIEWS = {
    "open": Case.state.in_(("open", "answered")),
    "waiting": Case.state == "waiting",
    "closed": Case.state == "closed",
}
"""What is to be done, what waits for her, and what is over."""


async def counts(session: AsyncSession, *, store: str | None = None) -> dict[str, int]:
    """How many stand in each view."""
    query = select(*[func.count().filter(fits) for fits in VIEWS.values()]).select_from(Case)
    if store is not None:
        query = query.join(Guide, Guide.id == Case.assigned_to)
        query = query.join(Store, Store.id == Guide.store_id).where(Store.code == store)
    row = (await session.execute(query)).one()
    return dict(zip(VIEWS, row, strict=True))


async def closed(
    session: AsyncSession, vault: Vault, *, store: str | None = None, limit: int = 50
) -> list[Queued]:
    """The last that were closed."""
    query = _rows().where(Case.state == "closed").order_by(Case.closed_at.desc()).limit(limit)
    if store is not None:
        query = query.where(Store.code == store)
    return [_queued(vault, *row) for row in (await session.execute(query))]


async def week(session: AsyncSession, now: datetime) -> tuple[int, float | None]:
    """Cases of the last seven days, and hours until the first answer on average."""
    rows = await session.execute(
        select(Case.opened_at, Case.answered_at).where(Case.opened_at > now - timedelta(days=7))
    )
    found = rows.all()
    took = [(b - a).total_seconds() / 3600 for a, b in found if b is not None]
    return len(found), sum(took) / len(took) if took else None


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
    return Whole(
        queued=_queued(vault, *row),
        steps=list(zip(steps, words, strict=True)),
        **await _history(session, row[0]),
    )


async def _history(session: AsyncSession, found: Case) -> dict[str, Any]:
    hers = Order.customer_id == found.customer_id
    last = (
        select(Order.id, Order.paid_at, Order.amount_fen)
        .where(hers, Order.paid_at <= found.opened_at)
        .order_by(Order.paid_at.desc())
        .limit(1)
    )
    order = (await session.execute(last)).first()
    name = None
    if order is not None:
        lines = select(OrderLine.name).where(OrderLine.order_id == order.id)
        about = (OrderLine.sku != found.sku, OrderLine.ordinal)
        name = await session.scalar(lines.order_by(*about).limit(1))
    year = select(
        func.coalesce(func.sum(Order.amount_fen - Order.refunded_fen), 0),
        func.count().filter(Order.refunded_fen > 0),
    ).where(hers, Order.paid_at > found.opened_at - timedelta(days=365))
    spent, returns = (await session.execute(year)).one()
    earlier = select(func.count()).where(
        Case.customer_id == found.customer_id, Case.id != found.id
    )
    return {
        "bought": name or "",
        "bought_at": order.paid_at if order else None,
        "bought_fen": order.amount_fen if order else 0,
        "spent_fen": int(spent),
        "returns": returns,
        "cases": await session.scalar(earlier) or 0,
    }


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
