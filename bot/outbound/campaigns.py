"""Campaigns whose time has come are planned; those that are over are closed."""

from __future__ import annotations

from bot.content import wording
from bot.domain.campaigns import Campaign
from bot.domain.quotas import read_limits
from bot.store import audiences, campaigns, harm
from bot.store.drawings import Drawing
from bot.work.context import Work


async def plan_due(work: Work) -> int:
    """Plan every campaign that is due. Returns how many customers were decided about."""
    async with work.sessions.reading() as session:
        due = await campaigns.due(session, work.now())
    decided = 0
    for campaign in due:
        decided += await _plan(work, campaign)
    async with work.sessions.begin() as session:
        await campaigns.finish(session, work.now())
    return decided


async def _plan(work: Work, campaign: Campaign) -> int:
    """Chunk by chunk: a crash, or a pause, leaves whole chunks, and the next pass goes on from there."""
    drawing = drawing_of(work, campaign)
    decided = 0
    while not drawing.done:
        async with work.sessions.reading() as session:
            lots = await audiences.draw(session, work.vault, drawing)
        async with work.sessions.begin() as session:
            if not await campaigns.move(
                session, campaign.id, expected=("running", "approved"), state="running"
            ):
                return decided
            await audiences.write(session, drawing, lots)
        decided += len(lots)
    async with work.sessions.begin() as session:
        await campaigns.move(
            session, campaign.id, expected=("running", "paused"), planned_at=work.now()
        )
    return decided


async def halt_harmful(work: Work) -> int:
    """Pause campaigns from which too many turn away; what guides hold is called back by the next withdrawal."""
    async with work.sessions.reading() as session:
        harmful = await harm.harmful(session)
    halted = 0
    for campaign_id in harmful:
        async with work.sessions.begin() as session:
            halted += await campaigns.move(
                session, campaign_id, expected=("running",), state="paused", reason="harm"
            )
    return halted


def drawing_of(work: Work, campaign: Campaign) -> Drawing:
    return Drawing(
        campaign, read_limits(work.content.limits), work.now(), saying_of(work, campaign)
    )


def saying_of(work: Work, campaign: Campaign) -> wording.Saying:
    return wording.saying(
        work.content,
        campaign,
        written=campaigns.written(work.vault, campaign),
        public_url=work.settings.public_url,
    )
