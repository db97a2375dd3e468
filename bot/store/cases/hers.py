"""A customer's own cases with what was done, as she may read them."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.entities import Case, CaseStep
from bot.store.family import family

TOLD = ("opened", "answered", "waiting", "resumed", "escalated", "closed")
"""What concerns her; our own clocks do not."""


async def of_customer(
    session: AsyncSession, customer_id: int, *, most: int = 20
) -> list[tuple[Case, list[CaseStep]]]:
    """The newest case first, its steps in order."""
    hers = Case.customer_id.in_(await family(session, customer_id))
    query = select(Case).where(hers).order_by(Case.id.desc()).limit(most)
    found = (await session.scalars(query)).all()
    steps: defaultdict[int, list[CaseStep]] = defaultdict(list)
    ids = [case.id for case in found]
    for step in await session.scalars(
        select(CaseStep).where(CaseStep.case_id.in_(ids)).order_by(CaseStep.id)
    ):
        if step.kind.partition("-")[0] in TOLD:
            steps[step.case_id].append(step)
    return [(case, steps[case.id]) for case in found]
