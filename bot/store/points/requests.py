"""Corrections above the limit: one person asks, another decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.points import PointsRequest
from bot.domain.refusals import Refusal


async def ask_to_adjust(
    session: AsyncSession, *, customer_id: int, delta: int, reason: str, by: str, now: datetime
) -> int:
    """The number of the new request."""
    asked = PointsRequest(
        customer_id=customer_id,
        delta=delta,
        reason=reason,
        asked_by=by,
        asked_at=now,
        state="open",
    )
    session.add(asked)
    await session.flush()
    return asked.id


async def decide(
    session: AsyncSession, request_id: int, *, agreed: bool, by: str, now: datetime
) -> PointsRequest:
    """Decided once, and by somebody else. Refused as unknown_request, same_person or decided."""
    asked = await session.get(PointsRequest, request_id)
    if asked is None:
        raise Refusal("unknown_request", "没有这个申请", status=404)
    if asked.asked_by == by:
        raise Refusal("same_person", "自己提的要另一个人来批", status=403)
    decided = await session.execute(
        update(PointsRequest)
        .where(PointsRequest.id == request_id, PointsRequest.state == "open")
        .values(state="agreed" if agreed else "refused", decided_by=by, decided_at=now)
    )
    if not isinstance(decided, CursorResult) or decided.rowcount != 1:
        raise Refusal("decided", "这个申请已经有人处理了")
    return asked


async def open_requests(session: AsyncSession, *, limit: int = 50) -> Sequence[PointsRequest]:
    """The longest waiting first."""
    query = select(PointsRequest).where(PointsRequest.state == "open")
    return (await session.scalars(query.order_by(PointsRequest.id).limit(limit))).all()
