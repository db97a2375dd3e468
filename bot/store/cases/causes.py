"""What people complain of, cause by cause, this week against the one before: what rose, and whether a fix helped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.complaints import CATEGORIES
from bot.domain.cases.entities import Case, CauseOwner
from bot.domain.offers import SHOP_ZONE
from bot.domain.orders import Product
from bot.store.engine import upsert

WEEK = timedelta(days=7)
EFFECT = timedelta(days=14)
"""So long before a fix, and as long after it, is counted."""


class Care(NamedTuple):
    """Who takes care of a cause, and what came of it."""

    owner: str
    what: str
    fixed_at: datetime | None
    before: int
    after: int

    def in_words(self) -> str:
        if self.fixed_at is None:
            return f"{self.owner}在处理"
        day = self.fixed_at.astimezone(SHOP_ZONE)
        effect = f"前 14 天 {self.before} 件，之后 {self.after} 件"
        return f"{self.owner}：{day.month} 月 {day.day} 日{self.what}，{effect}"


class Cause(NamedTuple):
    category: str
    product: str | None
    """None where no product stands out."""
    now: int
    before: int
    care: Care | None = None

    @property
    def rise(self) -> int:
        return self.now - self.before

    def in_words(self) -> str:
        about = CATEGORIES.get(self.category, self.category)
        what = f"{about}（{self.product}）" if self.product else about
        turn = "多" if self.rise > 0 else "少"
        change = f"，比前一周{turn} {abs(self.rise)} 件" if self.rise else "，和前一周一样"
        cared = f"（{self.care.in_words()}）" if self.care else ""
        return f"{what} {self.now} 件{change}{cared}"


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
    cared = await _cared(session, until)
    found = [
        Cause(row[0], row[1], int(row[2]), int(row[3]), cared.get((row[0], row[1] or "")))
        for row in await session.execute(query)
    ]
    return sorted(found, key=lambda one: (-one.rise, -one.now, one.category, one.product or ""))


async def own(session: AsyncSession, **facts: object) -> None:
    """Who takes care of `category` and `product`, from now on."""
    row = upsert(session, CauseOwner).values(**facts)
    told = {name: facts[name] for name in ("owner", "what", "fixed_at", "at", "by")}
    await session.execute(
        row.on_conflict_do_update(index_elements=["category", "product"], set_=told)
    )


async def _cared(session: AsyncSession, until: datetime) -> dict[tuple[str, str], Care]:
    found = {}
    for row in await session.scalars(select(CauseOwner)):
        at = row.fixed_at
        spans = ((at - EFFECT, at), (at, min(at + EFFECT, until))) if at else ()
        before, after = [await _opened(session, row, *span) for span in spans] or (0, 0)
        found[row.category, row.product] = Care(row.owner, row.what, at, before, after)
    return found


async def _opened(
    session: AsyncSession, cause: CauseOwner, since: datetime, until: datetime
) -> int:
    name = func.coalesce(Product.name, Case.sku, "")
    query = select(func.count(Case.id)).outerjoin(Product, Product.sku == Case.sku)
    query = query.where(Case.category == cause.category, name == cause.product)
    return await session.scalar(query.where(Case.opened_at >= since, Case.opened_at < until)) or 0
