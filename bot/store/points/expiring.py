"""Points that run out. The oldest are used first, so what was used is taken from what runs out first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.points import PointsAccount, PointsEntry
from bot.store.points.ledger import enter

CHUNK = 200


def _gone(by: datetime) -> ColumnElement[int]:
    """Given in lots that are over by then, less all that was ever used or has run out."""
    used = and_(PointsEntry.expires_at.is_(None), PointsEntry.delta < 0)
    over = PointsEntry.expires_at <= by
    counted: ColumnElement[int] = func.sum(case((used | over, PointsEntry.delta), else_=0))
    return counted


async def expiring(
    session: AsyncSession, customer_ids: Collection[int], by: datetime
) -> dict[int, int]:
    """How many points of each run out by then, if nothing is used before."""
    gone = _gone(by)
    query = select(PointsEntry.customer_id, gone).where(PointsEntry.customer_id.in_(customer_ids))
    query = query.group_by(PointsEntry.customer_id).having(gone > 0)
    return {customer_id: int(points) for customer_id, points in await session.execute(query)}


async def expire(session: AsyncSession, now: datetime) -> int:
    """Write off what has run out, for some accounts. Returns for how many; 0 when none is left."""
    ripe = select(PointsEntry.customer_id).where(PointsEntry.expires_at <= now)
    some = select(PointsEntry.customer_id).where(PointsEntry.customer_id.in_(ripe))
    some = some.group_by(PointsEntry.customer_id).having(_gone(now) > 0)
    ids = list(await session.scalars(some.order_by(PointsEntry.customer_id).limit(CHUNK)))
    # Who spends at this moment waits here, or we wait for her and count what she left.
    hers = select(PointsAccount.customer_id).where(PointsAccount.customer_id.in_(ids))
    await session.execute(hers.order_by(PointsAccount.customer_id).with_for_update())
    due = await expiring(session, ids, now)
    for customer_id, points in sorted(due.items()):
        await _write_off(session, customer_id, points, now)
    return len(ids)


async def _write_off(session: AsyncSession, customer_id: int, points: int, now: datetime) -> None:
    effect = f"expire:{customer_id}:{now.isoformat()}"
    written = {"effect": effect, "kind": "expire", "at": now, "note": "到期"}
    if await enter(session, customer_id, -points, **written) is not None:
        await session.execute(
            update(PointsAccount)
            .where(PointsAccount.customer_id == customer_id)
            .values(balance=PointsAccount.balance - points)
        )
