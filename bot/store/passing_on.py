"""What becomes of the messages of a task that was called back: they end, wait for another task, or another guide."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import PATIENCE, Campaign, MassTask, Touch
from bot.domain.customers import Follow, Guide
from bot.store.absence import serving
from bot.store.touches import changed

UNCONFIRMED = {
    "expired": ("expired", "guide_never_confirmed"),
    "guide_away": ("cancelled", "guide_away"),
    "guide_left": ("cancelled", "guide_left"),
}
"""How touches end that their guide did not confirm and nobody else can send, by why her task was called back."""
ENDS = UNCONFIRMED | {"stopped": ("cancelled", "stopped")}
"""How touches end when their task was called back for good; for every other reason they wait for another task."""


async def let_go(
    session: AsyncSession,
    task_id: int,
    *,
    reason: str,
    now: datetime,
    again_at: datetime | None = None,
) -> int:
    """What the platform has not sent moves on: those with a reason of their own are cancelled, the rest end or
    go back into the line. From `again_at` on another guide may be asked; None: nobody. Returns how many went back."""
    bound = (Touch.mass_task_id == task_id) & Touch.state.in_(("queued", "handed_over"))
    await session.execute(
        update(Touch)
        .where(bound, Touch.reason.is_not(None))
        .values(state="cancelled", settled_at=now)
    )
    if reason in ENDS:
        back = 0
        if reason in UNCONFIRMED and again_at is not None:
            back = await _pass_on(session, task_id, now=now, again_at=again_at)
        state, why = ENDS[reason]
        await session.execute(
            update(Touch).where(bound).values(state=state, reason=why, settled_at=now)
        )
        return back
    return await changed(
        session,
        update(Touch).where(bound).values(state="planned", mass_task_id=None, due_at=now),
    )


async def _pass_on(
    session: AsyncSession, task_id: int, *, now: datetime, again_at: datetime
) -> int:
    """Plan them anew for another guide of the customer, once, where there is one and time is left."""
    task = await session.get_one(MassTask, task_id)
    if task.confirmed_at is not None:
        return 0
    where = [
        Touch.mass_task_id == task_id,
        Touch.state.in_(("queued", "handed_over")),
        Touch.first_task_id.is_(None),
    ]
    if task.campaign_id is None:
        where.append(Touch.planned_at > now - PATIENCE)
    elif not _goes_on(await session.get_one(Campaign, task.campaign_id), again_at):
        return 0
    others = (
        select(Follow.id)
        .join(Guide, Guide.id == Follow.guide_id)
        .where(
            Follow.customer_id == Touch.customer_id,
            Follow.ended_at.is_(None),
            Follow.guide_id != task.guide_id,
            serving(again_at),
        )
    )
    again = {"state": "planned", "mass_task_id": None, "guide_id": None, "due_at": again_at}
    return await changed(
        session,
        update(Touch).where(*where, others.exists()).values(first_task_id=task_id, **again),
    )


def _goes_on(campaign: Campaign, at: datetime) -> bool:
    """A guide's own push is hers: nobody sends it in her stead."""
    return campaign.state == "running" and campaign.ends_at > at and campaign.pushed_by is None


async def guide_of(session: AsyncSession, task_id: int | None) -> int | None:
    """Whose task it is, or was."""
    if task_id is None:
        return None
    return (await session.get_one(MassTask, task_id)).guide_id
