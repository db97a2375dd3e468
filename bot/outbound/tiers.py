"""The night's work on tiers: who is who by now."""

from __future__ import annotations

from datetime import datetime, time

from bot.domain.tiers import TierConfig
from bot.store import tiers as tier_rows
from bot.work.context import Work


async def retier(work: Work) -> int:
    """Everybody's tier as of midnight, shop time."""
    zone = work.settings.zone
    midnight = datetime.combine(work.now().astimezone(zone).date(), time(0), zone)
    config = TierConfig.read(work.content.tiers)
    done = await tier_rows.rerun(work.sessions, midnight, config=config, zone=zone)
    return len(done.customers)
