"""What became of a guide's own push."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, MassTask, Touch


@dataclass(frozen=True, slots=True)
class Pushed:
    name: str
    at: datetime
    handed: int
    """In 群发助手, or on the way there."""
    waits: int
    """Planned for the next hours in which it may go."""
    reasons: dict[str, int]
    """Why the others were left out."""
    confirm_by: datetime | None
    due_at: datetime | None


async def pushed(session: AsyncSession, guide_id: int, campaign_id: int) -> Pushed | None:
    """None when it is not hers."""
    campaign = await session.get(Campaign, campaign_id)
    if campaign is None or campaign.pushed_by != guide_id:
        return None
    query = (
        select(Touch.state, Touch.reason, func.count(), func.min(Touch.due_at))
        .where(Touch.campaign_id == campaign_id)
        .group_by(Touch.state, Touch.reason)
    )
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    due: list[datetime] = []
    for state, reason, number, due_at in await session.execute(query):
        states[state] += number
        if state == "excluded":
            reasons[reason or "unknown"] += number
        if state == "planned":
            due.append(due_at)
    confirm_by = await session.scalar(
        select(func.min(MassTask.expires_at)).where(MassTask.campaign_id == campaign_id)
    )
    left_out = {"planned", "excluded", "holdout"}
    handed = sum(number for state, number in states.items() if state not in left_out)
    return Pushed(
        campaign.name,
        campaign.created_at,
        handed,
        states["planned"],
        dict(reasons.most_common()),
        confirm_by,
        min(due, default=None),
    )
