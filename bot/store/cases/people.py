"""Who answers at which level: her guide, then an expert, then whoever runs the store."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.entities import Case
from bot.domain.customers import Guide
from bot.store import customers


async def responder(session: AsyncSession, customer_id: int) -> Guide | None:
    """Her own guide; without one whoever is in charge."""
    own = await customers.guide_of(session, customer_id)
    if own is not None and own.active:
        return own
    return await in_charge(session)


async def in_charge(session: AsyncSession) -> Guide | None:
    """Whoever is asked when it is nobody's."""
    found: Guide | None = await session.scalar(_by_duty(("manager", "expert"), None).limit(1))
    return found


async def responders(session: AsyncSession, found: Case, level: int) -> Sequence[Guide]:
    """Everybody who must know at this level; never nobody while anybody works here."""
    own = await session.get(Guide, found.assigned_to) if found.assigned_to else None
    if level <= 1:
        return [own] if own is not None and own.active else await _first(session, own)
    duties = ("expert",) if level == 2 else ("manager", "expert")
    called = await session.scalars(_by_duty(duties, own).where(Guide.duty.in_(duties)).limit(5))
    return called.all() or await _first(session, own, other=True)


async def _first(
    session: AsyncSession, own: Guide | None, *, other: bool = False
) -> Sequence[Guide]:
    found = await session.scalars(_by_duty(("manager", "expert"), own, other=other).limit(1))
    return found.all() or ([own] if own is not None else [])


def _by_duty(duties: tuple[str, ...], own: Guide | None, *, other: bool = False) -> Select[Guide]:
    near: list[ColumnElement[int]] = []
    found = select(Guide).where(Guide.active)
    if own is not None:
        near.append(case((Guide.store_id == own.store_id, 0), else_=1))
        found = found.where(Guide.id != own.id) if other else found
    rank = case(*[(Guide.duty == duty, n) for n, duty in enumerate(duties)], else_=len(duties))
    return found.order_by(rank, *near, Guide.id)
