"""Who is known to whom, in figures: what a reconciliation changes."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.conversations import KfAccount
from bot.domain.customers import Customer, Follow, Guide


async def counts(session: AsyncSession) -> dict[str, int]:
    questions = {
        "guides": select(func.count()).select_from(Guide),
        "customers": select(func.count())
        .select_from(Customer)
        .where(Customer.merged_into.is_(None)),
        "follows": select(func.count()).select_from(Follow).where(Follow.ended_at.is_(None)),
        "ended_follows": select(func.count())
        .select_from(Follow)
        .where(Follow.ended_at.is_not(None)),
        "kf_accounts": select(func.count()).select_from(KfAccount),
    }
    query = select(
        *(question.scalar_subquery().label(name) for name, question in questions.items())
    )
    return dict((await session.execute(query)).one()._mapping)
