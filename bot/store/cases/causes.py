"""What people complain of, cause by cause, this week against the one before: what rose, and whether a fix helped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.complaints import CATEGORIES
from bot.domain.cases.entities import Case
from bot.domain.orders import Product

WEEK = timedelta(days=7)


class Cause(NamedTuple):
    category: str
    product: str | None
    """None where no product stands out."""
    now: int
    before: int

    @property
    def rise(self) -> int:
        return self.now - self.before

    def in_words(self) -> str:
        about = CATEGORIES.get(self.category, self.category)
        what = f"{about}（{self.product}）" if self.product else about
        turn = "多" if self.rise > 0 else "少"
        change = f"，比前一周{turn} {abs(self.rise)} 件" if self.rise else "，和前一周一样"
        return f"{what} {self.now} 件{change}"


async def causes(session: AsyncSession, until: datetime) -> list[Cause]:
    """Of the week that ends then; what rose most comes first, what fell last."""
    this = Case.opened_at >= until - WEEK
    number = func.sum(case((this, 1), else_=0))
    earlier = func.sum(case((this, 0), else_=1))
    name = func.coalesce(Product.name, Case.sku)
    query = (
        select(Case.category, name, number, earlier)
        .outerjoin(Product, Product.sku == Case.sku)
        .where(Case.opened_at >= until - 2 * WEEK, Case.opened_at < until)
        .group_by(Case.category, name)
    )
    found = [
        Cause(row[0], row[1], int(row[2]), int(row[3])) for row in await session.execute(query)
    ]
    return sorted(found, key=lambda one: (-one.rise, -one.now, one.category, one.product or ""))
