"""Who moved from which tier to which."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.tiers import TierMove
from bot.store.insights.span import Span


async def moves(session: AsyncSession, span: Span) -> dict[tuple[str, str], int]:
    """Moves by (before, after); before is empty for those who had none."""
    rows = await session.execute(
        select(TierMove.before, TierMove.after, func.count(TierMove.customer_id.distinct()))
        .where(span.holds(TierMove.at))
        .group_by(TierMove.before, TierMove.after)
    )
    return {(before or "", after): people for before, after, people in rows}
