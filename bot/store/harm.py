"""Who turned away after a campaign reached them; a campaign that does harm halts by itself."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.aims import Harm, StopRule
from bot.domain.campaigns import Campaign, Touch
from bot.domain.cases import Case
from bot.domain.consent import MARKETING, ConsentEntry


async def done_by(session: AsyncSession, campaign_id: int) -> Harm:
    """Among those it reached: who withdrew her consent since, and who complained."""
    withdrew = exists().where(
        ConsentEntry.customer_id == Touch.customer_id,
        ConsentEntry.purpose.in_(MARKETING),
        ConsentEntry.action == "withdraw",
        ConsentEntry.at >= Touch.sent_at,
    )
    complained = exists().where(
        Case.customer_id == Touch.customer_id, Case.opened_at >= Touch.sent_at
    )
    counted = select(
        func.count(), func.count().filter(withdrew), func.count().filter(complained)
    ).where(Touch.campaign_id == campaign_id, Touch.state == "delivered")
    return Harm(*(await session.execute(counted)).one())


async def harmful(session: AsyncSession) -> list[int]:
    """Running campaigns that break their stop rule."""
    query = select(Campaign).where(
        Campaign.state == "running",
        Campaign.purpose == "marketing",
        Campaign.reason.is_(None),  # once a person let it go on, she has decided
    )
    return [
        one.id
        for one in (await session.scalars(query)).all()
        if StopRule.read(one.stop_when).broken(await done_by(session, one.id))
    ]
