"""The nightly full run."""

from __future__ import annotations

from bot.domain.tiers import TierConfig
from bot.store import tiers
from bot.work.context import Work


async def retier(work: Work) -> int:
    """Re-tier everybody as of now; returns how many customers moved."""
    done = await tiers.rerun(
        work.sessions,
        work.now(),
        config=TierConfig.read(work.content.tiers),
        zone=work.settings.zone,
    )
    return done.moved
