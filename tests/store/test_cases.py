"""Cases under a crowd."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from bot.domain.cases import Case, CaseStep
from bot.store import cases
from tests.builders import a_customer


async def test_many_messages_at_once_open_one_case_and_lose_no_words(bot):
    async with bot.session() as session:
        customer = await a_customer(session)

    async def says(n: int) -> int:
        async with bot.session() as session:
            case = await cases.open_case(
                session,
                bot.vault,
                customer_id=customer.id,
                text=f"开线了 {n}",
                channel="kf",
                source=f"m{n}",
                now=bot.now,
                category="quality",
            )
            return case.id

    opened = await asyncio.gather(*(says(n) for n in range(8)))
    assert len(set(opened)) == 1
    async with bot.session() as session:
        assert await session.scalar(select(func.count(Case.id))) == 1
        assert await session.scalar(select(func.count(CaseStep.id))) == 8
