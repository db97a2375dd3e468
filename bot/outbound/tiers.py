"""The night's work on tiers: who is who by now, how far she has come, and whom she brings."""

from __future__ import annotations

from bot.domain.tiers import TierConfig
from bot.store import relationship
from bot.store import tiers as tier_rows
from bot.work.context import Work


async def retier(work: Work) -> int:
    """Everybody's tier by all that is known now: orders since midnight re-tiered their customers already."""
    config = TierConfig.read(work.content.tiers)
    zone, now = work.settings.zone, work.now()
    done = await tier_rows.rerun(work.sessions, now, config=config, zone=zone)
    async with work.sessions.begin() as session:
        await relationship.advance_stages(session)
    async with work.sessions.begin() as session:
        await relationship.count_influence(session, config.influence, now)
    return len(done.customers)
