"""The RFM table: customers and their share of all spending, by how lately and how often they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store.segments import WHOLE
from bot.store.tiers.reading import last_run


class Cell(NamedTuple):
    customers: int
    share: float
    """Of all that was ever spent."""


@dataclass(frozen=True, slots=True)
class Heat:
    cells: dict[tuple[int, int], Cell]
    """By recency and frequency, 1-5 each; empty cells are absent."""
    recency: Sequence[float]
    """Days, the upper ends of classes 5, 4, 3, 2."""
    frequency: Sequence[float]
    """Purchase days, the upper ends of classes 1, 2, 3, 4."""
    never: int
    """Customers who have not bought anything."""


async def heat(session: AsyncSession, among: ColumnElement[bool] = WHOLE) -> Heat:
    spent = func.coalesce(func.sum(PurchaseStats.amount_fen), 0)
    rows = (
        await session.execute(
            select(CustomerTier.recency, CustomerTier.frequency, func.count(), spent)
            .join(Customer, Customer.id == CustomerTier.customer_id)
            .outerjoin(PurchaseStats, PurchaseStats.customer_id == CustomerTier.customer_id)
            .where(among, WHOLE)
            .group_by(CustomerTier.recency, CustomerTier.frequency)
        )
    ).all()
    total = sum(int(row[3]) for row in rows) or 1
    bought = sum(row[2] for row in rows)
    whole = select(func.count()).select_from(Customer).where(among, WHOLE)
    everybody = await session.scalar(whole) or 0
    run = await last_run(session)
    scale: dict[str, Any] = run.scale if run else {}
    return Heat(
        {(r, f): Cell(n, 100 * int(fen) / total) for r, f, n, fen in rows},
        scale.get("recency", ()),
        scale.get("frequency", ()),
        everybody - bought,
    )
