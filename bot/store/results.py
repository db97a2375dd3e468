"""What the platform says became of mass tasks, written to their touches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import MassTask, OutsideSend, Touch
from bot.domain.customers import Follow, Guide, Identity
from bot.store.engine import upsert
from bot.store.touches import changed

AT_ONCE = 1000
OPEN = ("queued", "handed_over")


@dataclass(frozen=True, slots=True)
class Watched:
    """A task with the guide who must confirm it."""

    task: MassTask
    userid: str


async def to_check(session: AsyncSession, now: datetime, *, limit: int = 200) -> list[Watched]:
    """Tasks the platform must be asked about now, the longest waiting first."""
    rows = await session.execute(
        select(MassTask, Guide.userid)
        .join(Guide, Guide.id == MassTask.guide_id)
        .where(
            MassTask.state.in_(("waiting", "confirmed", "unknown", "cancelling")),
            MassTask.check_at <= now,
        )
        .order_by(MassTask.check_at, MassTask.id)
        .limit(limit)
    )
    return [Watched(task, userid) for task, userid in rows]


async def open_tasks(session: AsyncSession) -> list[Watched]:
    """Every task of touches that the platform may still have news of, whenever it is asked about next."""
    rows = await session.execute(
        select(MassTask, Guide.userid)
        .join(Guide, Guide.id == MassTask.guide_id)
        .where(
            MassTask.state.in_(("waiting", "confirmed", "unknown", "cancelling")),
            MassTask.group_chat_id.is_(None),
        )
        .order_by(MassTask.id)
    )
    return [Watched(task, userid) for task, userid in rows]


async def made_between(session: AsyncSession, since: datetime, until: datetime) -> set[str]:
    """The msgids of the tasks of these days."""
    found = await session.scalars(
        select(MassTask.msgid).where(
            MassTask.msgid.is_not(None), MassTask.created_at > since, MassTask.created_at < until
        )
    )
    return {str(msgid) for msgid in found}


async def known(session: AsyncSession, msgids: Sequence[str]) -> set[str]:
    """Which of these the platform's ids belong to a task of ours."""
    found = await session.scalars(select(MassTask.msgid).where(MassTask.msgid.in_(msgids)))
    return {msgid for msgid in found if msgid}


async def addresses(session: AsyncSession, task_id: int, *, only_open: bool = False) -> set[str]:
    query = select(Touch.address).where(Touch.mass_task_id == task_id)
    if only_open:
        query = query.where(Touch.state.in_(OPEN))
    found = await session.scalars(query)
    return {address for address in found if address}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one customer of a task: sent, not_friend, over_quota or unsent."""

    address: str
    became: str
    at: datetime | None = None


STATES = {"sent": "delivered", "not_friend": "not_friend", "over_quota": "over_quota"}


async def write(
    session: AsyncSession, task_id: int, results: Sequence[Result], *, now: datetime
) -> int:
    """Settle the touches that the platform has settled. Returns how many of the task are still open."""
    alike: defaultdict[tuple[str, datetime | None], list[str]] = defaultdict(list)
    for result in results:
        if result.became in STATES:
            alike[result.became, result.at].append(result.address)
    for (became, at), addresses in alike.items():
        state = STATES[became]
        for start in range(0, len(addresses), AT_ONCE):
            some = addresses[start : start + AT_ONCE]
            await changed(
                session,
                update(Touch)
                .where(
                    Touch.mass_task_id == task_id,
                    Touch.state.in_(OPEN),
                    Touch.address.in_(some),
                )
                .values(
                    state=state,
                    reason=None if became == "sent" else became,
                    sent_at=(at or now) if became == "sent" else None,
                    settled_at=now,
                ),
            )
    strangers = [result.address for result in results if result.became == "not_friend"]
    await _end_ties(session, task_id, strangers, now)
    left = select(func.count()).where(Touch.mass_task_id == task_id, Touch.state.in_(OPEN))
    return await session.scalar(left) or 0


async def _end_ties(
    session: AsyncSession, task_id: int, addresses: Sequence[str], now: datetime
) -> None:
    """Who deleted the guide is still in every list of hers: this is the one place that tells, but for the callback."""
    task = await session.get_one(MassTask, task_id)
    for start in range(0, len(addresses), AT_ONCE):
        await session.execute(
            update(Follow)
            .where(
                Follow.guide_id == task.guide_id,
                Follow.external_userid.in_(addresses[start : start + AT_ONCE]),
                Follow.ended_at.is_(None),
                Follow.since < task.created_at,
            )
            .values(ended_at=now, ended_by="customer")
        )


async def reminding(
    session: AsyncSession, *, now: datetime, after: timedelta, most: int
) -> Sequence[MassTask]:
    """Tasks whose guide has left them waiting so long, and may be reminded once more."""
    last = func.coalesce(MassTask.reminded_at, MassTask.created_at)
    query = select(MassTask).where(
        MassTask.state == "waiting",
        last <= now - after,
        MassTask.reminders < most,
        MassTask.expires_at > now,
    )
    return (await session.scalars(query.order_by(MassTask.id))).all()


async def write_outside(
    session: AsyncSession, msgid: str, sent: Sequence[Result], *, now: datetime
) -> None:
    """Keep what a guide sent by her own hand: it has used up the customers' quota."""
    for start in range(0, len(sent), AT_ONCE):
        some = {result.address: result for result in sent[start : start + AT_ONCE]}
        owners = await session.execute(
            select(Identity.value, Identity.customer_id).where(
                Identity.kind == "external_userid", Identity.value.in_(some)
            )
        )
        customers = dict(owners.all())
        rows = [
            {
                "msgid": msgid,
                "address": address,
                "customer_id": customers.get(address),
                "at": result.at or now,
            }
            for address, result in some.items()
        ]
        await session.execute(upsert(session, OutsideSend).on_conflict_do_nothing(), rows)
