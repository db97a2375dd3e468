"""Calling tasks back from guides before they are confirmed: in time for an opt-out, a pause or the night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import CancelMassTask
from bot.domain.campaigns import MassTask, Touch
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Guide
from bot.domain.delivery import Owed
from bot.store import campaigns, outbox
from bot.store.absence import away, serving
from bot.store.mass_tasks import move
from bot.store.passing_on import let_go
from bot.store.touches import changed
from bot.store.vault import Vault


async def any_waiting(session: AsyncSession) -> bool:
    """Whether there is anything that could be called back at all."""
    waiting = select(MassTask.id).where(MassTask.state.in_(("owed", "waiting"))).limit(1)
    return await session.scalar(waiting) is not None


async def withdraw(
    session: AsyncSession, vault: Vault, now: datetime, *, again_at: datetime | None = None
) -> int:
    """Call back tasks that wait for a guide although somebody in them, or all of them, must not be written
    to any more, or although she is not there. The rest of such a task is handed over anew, from `again_at` on.
    Returns how many were called back."""
    await mark_unwanted(session)
    stops = await campaigns.stops(session, now)
    called_back = 0
    for task, absent in await withdrawable(session, stops, now):
        reason = stops.get(None) or stops.get(task.campaign_id or 0)
        if reason == "campaign_over":
            reason = "stopped"
        called_back += await call_back(
            session,
            vault,
            task,
            reason=reason or absent or "withdrawn",
            now=now,
            again_at=again_at,
        )
    return called_back


async def call_back(
    session: AsyncSession,
    vault: Vault,
    task: MassTask,
    *,
    reason: str,
    now: datetime,
    again_at: datetime | None = None,
) -> bool:
    """Ask the platform to stop what no guide has confirmed. Only then is anything moved on."""
    if task.state == "owed":
        return await _unmake(session, task, reason=reason, now=now, again_at=again_at)
    moved = await move(
        session,
        task.id,
        expected=("waiting", "confirmed"),
        state="cancelling",
        cancel_reason=reason,
        cancels=MassTask.cancels + 1,
        check_at=None,
    )
    if moved and task.msgid:
        await outbox.owe(
            session,
            vault,
            CancelMassTask(msgid=task.msgid),
            effect=f"cancel:{task.id}:{task.cancels + 1}",
            now=now,
            lane="express",
            mass_task_id=task.id,
        )
    return moved


async def _unmake(
    session: AsyncSession,
    task: MassTask,
    *,
    reason: str,
    now: datetime,
    again_at: datetime | None,
) -> bool:
    """A task that was never asked for: withdraw the debt, and let its touches go."""
    withdrawn = await changed(
        session,
        update(Owed)
        .where(Owed.mass_task_id == task.id, Owed.state == "owed", Owed.kind == "create_mass_task")
        .values(state="cancelled", reason=reason, settled_at=now),
    )
    if not withdrawn:
        return False
    await move(session, task.id, expected=("owed",), state="cancelled", cancel_reason=reason)
    await let_go(session, task.id, reason=reason, now=now, again_at=again_at or now)
    return True


async def failed(session: AsyncSession, task_id: int, now: datetime) -> None:
    """The platform never heard of the cancellation: the task still waits, and is called back again."""
    await move(session, task_id, expected=("cancelling",), state="waiting", check_at=now)


async def mark_unwanted(session: AsyncSession) -> int:
    """Give a reason to every marketing touch at a guide whose customer no longer agrees or complains."""
    at_guide = and_(
        Touch.state.in_(("queued", "handed_over")),
        Touch.mass_task_id.is_not(None),
        Touch.purpose == "marketing",
        Touch.reason.is_(None),
    )
    agrees = select(ConsentState.customer_id).where(
        ConsentState.customer_id == Touch.customer_id,
        ConsentState.purpose == "marketing_wecom",
        ConsentState.granted,
    )
    complains = select(Customer.id).where(
        Customer.id == Touch.customer_id, Customer.marketing_held
    )
    marked = 0
    for unwanted, reason in ((~agrees.exists(), "opted_out"), (complains.exists(), "case_open")):
        marked += await changed(
            session, update(Touch).where(at_guide, unwanted).values(reason=reason)
        )
    return marked


async def withdrawable(
    session: AsyncSession, stops: Mapping[int | None, str], now: datetime
) -> Sequence[tuple[MassTask, str | None]]:
    """Tasks no guide has confirmed that must not go as they are, and why if their guide is not there."""
    unwanted = (
        select(Touch.id)
        .where(
            Touch.mass_task_id == MassTask.id,
            Touch.state.in_(("queued", "handed_over")),
            Touch.reason.is_not(None),
        )
        .exists()
    )
    stopped = MassTask.campaign_id.in_([i for i in stops if i is not None])
    absent = case((~Guide.active, "guide_left"), (away(now), "guide_away"))
    query = (
        select(MassTask, absent)
        .join(Guide, Guide.id == MassTask.guide_id)
        .where(MassTask.state.in_(("owed", "waiting")))
    )
    if None not in stops:
        # Posts to group chats are of no campaign and for nobody alone: only the switch of all sending stops them.
        mine = or_(unwanted, stopped, ~serving(now))
        query = query.where(MassTask.group_chat_id.is_(None), mine)
    return (await session.execute(query.order_by(MassTask.id))).all()


async def finish(
    session: AsyncSession, task: MassTask, now: datetime, *, again_at: datetime | None
) -> None:
    """Called back, and what was sent before is known: the rest may move on, to other guides from `again_at` on."""
    reason = task.cancel_reason or "withdrawn"
    ended = "expired" if reason == "expired" else "cancelled"
    if await move(session, task.id, expected=("cancelling",), state=ended, check_at=None):
        await let_go(session, task.id, reason=reason, now=now, again_at=again_at)


async def never_made(session: AsyncSession, task: MassTask, now: datetime) -> None:
    """The platform never made it, and today it is too late: its touches try again in the morning."""
    if await move(session, task.id, expected=("unknown",), state="refused", check_at=None):
        await let_go(session, task.id, reason="withdrawn", now=now)


async def never_known(session: AsyncSession, task: MassTask, now: datetime) -> None:
    """Nobody can tell whether it was made: its touches stay unknown, and keep their place under the caps."""
    await move(session, task.id, expected=("unknown",), state="unknown", check_at=None)
    await session.execute(
        update(Touch)
        .where(Touch.mass_task_id == task.id, Touch.state == "queued")
        .values(state="unknown", reason="unknown", settled_at=now)
    )
