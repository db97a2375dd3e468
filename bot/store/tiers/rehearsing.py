"""Trying another rule on the orders that are there; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.tier_rehearsal import TierRehearsal, rehearse
from bot.domain.tiering import Purchases, day_after, midnight
from bot.domain.tiers import TierConfig
from bot.store.tiers import reading


async def rehearsed(
    session: AsyncSession,
    as_of: datetime,
    *,
    days: int,
    rules: tuple[TierConfig, TierConfig],
    gifts: Mapping[str, int],
    zone: ZoneInfo,
) -> TierRehearsal:
    """The live rule and the tried one on that day, and what happened in the days that followed."""
    today = day_after(as_of, zone)
    start = midnight(today, zone)
    found = await reading.purchases(session, before=start + timedelta(days=days))
    past = found.at < int(start.timestamp())
    return rehearse(
        _only(found, past), _only(found, ~past), today, rules=rules, gifts=gifts, zone=zone
    )


def _only(found: Purchases, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Purchases:
    return Purchases(found.customer[which], found.at[which], found.amount[which])
