"""The shop's own decisions about days, over what the country announced."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.business_calendar import BusinessCalendar, BusinessDay


async def load(session: AsyncSession) -> BusinessCalendar:
    rows = await session.execute(select(BusinessDay.day, BusinessDay.counts))
    return BusinessCalendar(overrides={date.fromisoformat(day): counts for day, counts in rows})
