"""The night's work on tiers: who is who by now."""

from __future__ import annotations

from bot.domain.tiers import TierConfig
from bot.store import tiers as tier_rows
from bot.work.context import Work


async def retier(work: Work) -> int:
    """Everybody's tier by all that is known now: orders since midnight re-tiered their customers already."""
    config = TierConfig.read(work.content.tiers)
    zone = work.settings.zone
    done = await tier_rows.rerun(work.sessions, work.now(), config=config, zone=zone)
    return len(done.customers)
