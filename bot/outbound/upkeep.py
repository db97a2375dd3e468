"""The night's housekeeping: what ran out, and who is who by now."""

from __future__ import annotations

from datetime import datetime, time

from bot.domain.tiers import TierConfig
from bot.store import tags, tiers
from bot.work.context import Work


async def expire(work: Work) -> int:
    """End tags whose time is over. Coupons and invites end by their own moment wherever they are read."""
    async with work.sessions.begin() as session:
        return await tags.expire(session, work.now())


async def retier(work: Work) -> int:
    """Everybody's tier as of midnight, shop time."""
    zone = work.settings.zone
    midnight = datetime.combine(work.now().astimezone(zone).date(), time(0), zone)
    config = TierConfig.read(work.content.tiers)
    done = await tiers.rerun(work.sessions, midnight, config=config, zone=zone)
    return len(done.customers)


async def retag(work: Work) -> int:
    """Purchase tags of everybody by the rules of today."""
    async with work.sessions.begin() as session:
        return await tags.retag(session, work.content.tags, work.now())
