"""Who turned away after a campaign reached them; a campaign that does harm halts by itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.aims import Harm, StopRule
from bot.domain.campaigns import Campaign, Touch
from bot.domain.cases import Case
from bot.domain.consent import MARKETING, ConsentEntry


async def harmful(session: AsyncSession) -> list[int]:
    """Running campaigns that break their stop rule."""
    query = select(Campaign.id, Campaign.stop_when).where(
        Campaign.state == "running",
        Campaign.purpose == "marketing",
        Campaign.reason.is_(None),  # once a person let it go on, she has decided
    )
    rules = {one: StopRule.read(rule) for one, rule in (await session.execute(query)).all()}
    done = await _done_by(session, list(rules)) if rules else {}
    return [one for one, harm in done.items() if rules[one].broken(harm)]


async def _done_by(session: AsyncSession, campaign_ids: Sequence[int]) -> dict[int, Harm]:
    """Among those each one reached: who withdrew her consent since, and who complained."""
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
        Touch.campaign_id,
        func.count(),
        func.count().filter(withdrew),
        func.count().filter(complained),
    ).where(Touch.campaign_id.in_(campaign_ids), Touch.state == "delivered")
    rows = await session.execute(counted.group_by(Touch.campaign_id))
    return {one: Harm(*numbers) for one, *numbers in rows if one is not None}
