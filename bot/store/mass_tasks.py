"""企业群发 tasks: made from touches of one guide with one text, taken or refused by the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import Attachment, CreateMassTask, RemindMassTask
from bot.domain.attachments import cards
from bot.domain.campaigns import Campaign, MassTask, Touch
from bot.domain.reasons import GONE, TO_PLAN_AGAIN
from bot.store import outbox
from bot.store.passing_on import let_go
from bot.store.touches import changed
from bot.store.vault import Vault

ABOUT = "mass_task.text"
BIGGEST = 10_000
"""external_userids one task may carry."""
FIRST_LOOK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Touches that one guide sends with one text."""

    guide_id: int
    userid: str
    text: str
    purpose: str
    campaign_id: int | None
    addresses: Mapping[int, str]
    """Touch → external_userid."""


async def make(
    session: AsyncSession, vault: Vault, batch: Batch, *, now: datetime, expires_at: datetime
) -> list[int]:
    """Bind planned touches to tasks and owe the calls that create them. Returns the tasks."""
    made = []
    touches = sorted(batch.addresses)
    for start in range(0, len(touches), BIGGEST):
        some = touches[start : start + BIGGEST]
        task = MassTask(
            guide_id=batch.guide_id,
            campaign_id=batch.campaign_id,
            purpose=batch.purpose,
            text=vault.seal(batch.text, about=ABOUT),
            customers=len(some),
            state="owed",
            created_at=now,
            expires_at=expires_at,
            attempts=1,
        )
        session.add(task)
        await session.flush()
        await session.execute(
            update(Touch)
            .where(Touch.id.in_(some), Touch.state == "planned")
            .values(mass_task_id=task.id, state="queued", channel="wecom", reason=None)
        )
        if await owe(session, vault, task, batch.userid, now=now):
            made.append(task.id)
    return made


async def owe(
    session: AsyncSession, vault: Vault, task: MassTask, userid: str, *, now: datetime
) -> bool:
    """The call that creates the task, with whoever is still bound to it; False when nobody is.
    Without ids the platform would write to every customer of the guide: such a call is never made."""
    bound = await session.scalars(
        select(Touch.address)
        .where(Touch.mass_task_id == task.id, Touch.state == "queued")
        .order_by(Touch.id)
    )
    addresses = sorted({address for address in bound if address})
    if not addresses:
        await move(
            session, task.id, expected=("owed",), state="refused", cancel_reason="empty_audience"
        )
        return False
    await outbox.owe(
        session,
        vault,
        CreateMassTask(
            sender=userid,
            text=vault.unseal(task.text, about=ABOUT),
            external_userids=tuple(addresses),
            attachments=await _hanging(session, task.campaign_id),
        ),
        effect=f"mass:{task.id}" if task.attempts == 1 else f"mass:{task.id}:{task.attempts}",
        now=now,
        mass_task_id=task.id,
        purpose=task.purpose,
        expires_at=task.expires_at,
    )
    return True


async def _hanging(session: AsyncSession, campaign_id: int | None) -> tuple[Attachment, ...]:
    campaign = None if campaign_id is None else await session.get(Campaign, campaign_id)
    return cards(campaign.attachments) if campaign is not None else ()


async def move(
    session: AsyncSession, task_id: int, *, expected: Sequence[str], **values: Any
) -> bool:
    """Change the state of a task, unless somebody was faster."""
    statement = (
        update(MassTask)
        .where(MassTask.id == task_id, MassTask.state.in_(expected))
        .values(**values)
    )
    return await changed(session, statement) == 1


async def handed_over(
    session: AsyncSession,
    task_id: int,
    *,
    msgid: str,
    failed: Sequence[str],
    check_at: datetime,
    now: datetime,
) -> bool:
    """The platform has the task; those it names as failed are nobody's friends any more."""
    moved = await move(
        session,
        task_id,
        expected=("owed", "unknown"),
        state="waiting",
        msgid=msgid,
        check_at=check_at,
    )
    if not moved:
        return False
    bound = (Touch.mass_task_id == task_id) & (Touch.state == "queued")
    if failed:
        await session.execute(
            update(Touch)
            .where(bound, Touch.address.in_(failed))
            .values(state="not_friend", reason="not_friend", settled_at=now)
        )
    await session.execute(update(Touch).where(bound).values(state="handed_over"))
    return True


async def refused(session: AsyncSession, task_id: int, *, reason: str, now: datetime) -> None:
    """The task was not made. What is wrong with all of it ends its touches; else they are planned anew."""
    await move(session, task_id, expected=("owed",), state="refused", cancel_reason=reason)
    if reason in TO_PLAN_AGAIN:
        ending = "stopped" if reason == "stopped" else "withdrawn"
        await let_go(session, task_id, reason=ending, now=now)
        return
    state = "not_friend" if reason in GONE else "refused"
    await session.execute(
        update(Touch)
        .where(Touch.mass_task_id == task_id, Touch.state == "queued")
        .values(state=state, reason=reason, settled_at=now)
    )


async def made_today(session: AsyncSession, guide_id: int, *, since: datetime) -> int:
    """How many tasks this guide was, or is being, asked to confirm since this moment."""
    query = select(func.count()).where(MassTask.guide_id == guide_id, *_asked_since(since))
    return await session.scalar(query) or 0


async def full(session: AsyncSession, *, since: datetime, most: int) -> frozenset[int]:
    """Guides who were asked so often since this moment that they are not to be asked again."""
    query = select(MassTask.guide_id).where(*_asked_since(since)).group_by(MassTask.guide_id)
    return frozenset(await session.scalars(query.having(func.count() >= most)))


def _asked_since(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        MassTask.created_at >= since,
        MassTask.group_chat_id.is_(None),
        MassTask.state.not_in(("cancelling", "cancelled", "refused")),
    )


async def remind(session: AsyncSession, vault: Vault, task: MassTask, *, now: datetime) -> bool:
    """Ask the platform to knock at her phone once more; False when she has sent it meanwhile."""
    number = task.reminders + 1
    moved = await move(
        session,
        task.id,
        expected=("waiting",),
        reminders=MassTask.reminders + 1,
        reminded_at=now,
    )
    if moved:
        await outbox.owe(
            session,
            vault,
            RemindMassTask(msgid=task.msgid or ""),
            effect=f"remind:{task.id}:{number}",
            now=now,
            mass_task_id=task.id,
            expires_at=now + timedelta(hours=1),
        )
    return moved


async def see(session: AsyncSession, guide_id: int, *, at: datetime) -> int:
    """She has looked at what waits for her tap; only the first look counts. Returns how many were new to her."""
    statement = (
        update(MassTask)
        .where(
            MassTask.guide_id == guide_id,
            MassTask.state.in_(("owed", "waiting")),
            MassTask.seen_at.is_(None),
            MassTask.created_at <= at,
        )
        .values(seen_at=at)
    )
    return await changed(session, statement)


async def waiting_of(
    session: AsyncSession, guide_id: int, *, now: datetime, most: int
) -> Sequence[MassTask]:
    """Her tasks that wait for her tap and may be reminded of once more."""
    query = select(MassTask).where(
        MassTask.guide_id == guide_id,
        MassTask.state == "waiting",
        MassTask.reminders < most,
        MassTask.expires_at > now,
    )
    return (await session.scalars(query.order_by(MassTask.id).with_for_update())).all()


async def make_again(
    session: AsyncSession, vault: Vault, task: MassTask, userid: str, *, now: datetime
) -> None:
    """The platform says that it was never made: owe it once more, under a name of its own."""
    again = await move(
        session,
        task.id,
        expected=("unknown",),
        state="owed",
        attempts=MassTask.attempts + 1,
        check_at=None,
    )
    if again:
        task.attempts += 1
        await owe(session, vault, task, userid, now=now)
