"""Posts to 朋友圈: written, approved, handed to the platform, and what each guide made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import CancelMoment
from bot.domain.customers import Guide
from bot.domain.delivery import Owed
from bot.domain.moments import MomentPost, MomentTask, Publisher, free_place
from bot.domain.quotas import Limits
from bot.store import outbox
from bot.store.engine import upsert
from bot.store.touches import changed
from bot.store.vault import Vault

ABOUT = "moment_post.text"
AT_ONCE = 500
COUNTED_AGAIN = timedelta(hours=20)
"""Once a day, whatever the hour it is looked at."""


class Day(NamedTuple):
    """One day of the shop."""

    name: str
    since: datetime
    until: datetime

    @classmethod
    def around(cls, limits: Limits, at: datetime) -> Day:
        return cls(str(at.astimezone(limits.zone).date()), *limits.day_of(at))


class Published(NamedTuple):
    """A guide's published moment whose viewers are to be counted."""

    task_id: int
    userid: str


async def move(
    session: AsyncSession, post_id: int, *, expected: Sequence[str], **values: Any
) -> bool:
    """Change the state of a post, unless somebody was faster."""
    which = (MomentPost.id == post_id, MomentPost.state.in_(expected))
    return await changed(session, update(MomentPost).where(*which).values(**values)) == 1


async def move_tasks(
    session: AsyncSession, post_id: int, *, expected: Sequence[str], **values: Any
) -> int:
    which = (MomentTask.post_id == post_id, MomentTask.state.in_(expected))
    return await changed(session, update(MomentTask).where(*which).values(**values))


async def forget_tasks(session: AsyncSession, post_id: int) -> None:
    """Of a post that is written anew: nothing of it ever reached a guide."""
    await session.execute(delete(MomentTask).where(MomentTask.post_id == post_id))


async def take_places(
    session: AsyncSession, post: MomentPost, asked: Sequence[Publisher], *, day: Day, most: int
) -> list[str]:
    """Bind these guides to the post as far as they have a place that day. Returns their userids."""
    taken = await places(session, day)
    rows = [
        {
            "post_id": post.id,
            "guide_id": one.guide_id,
            "slot": place,
            "state": "planned",
            "friends": one.friends,
            "reminders": 0,
        }
        for one in asked
        if (place := free_place(one.guide_id, day.name, taken, most))
    ]
    bound: set[int] = set()
    for start in range(0, len(rows), AT_ONCE):
        made = upsert(session, MomentTask).values(rows[start : start + AT_ONCE])
        free = made.on_conflict_do_nothing(index_elements=["slot"])
        bound |= set(await session.scalars(free.returning(MomentTask.guide_id)))
    return [one.userid for one in asked if one.guide_id in bound]


async def places(session: AsyncSession, day: Day) -> set[str]:
    """Those that guides have given to moments of this day."""
    taken = (
        select(MomentTask.slot)
        .join(MomentPost, MomentPost.id == MomentTask.post_id)
        .where(MomentPost.due_at >= day.since, MomentPost.due_at < day.until)
    )
    return {slot for slot in await session.scalars(taken) if slot}


async def to_check(session: AsyncSession, now: datetime) -> Sequence[MomentPost]:
    due = select(MomentPost).where(MomentPost.check_at <= now)
    return (await session.scalars(due.order_by(MomentPost.check_at, MomentPost.id))).all()


async def end(
    session: AsyncSession, post_id: int, *, expected: Sequence[str], state: str, reason: str
) -> bool:
    """It never came to be: its guides have their places back."""
    moved = await move(
        session, post_id, expected=expected, state=state, reason=reason, check_at=None
    )
    if moved:
        became = "cancelled" if state == "cancelled" else "refused"
        await move_tasks(session, post_id, expected=("planned",), state=became, slot=None)
    return moved


async def opened(
    session: AsyncSession,
    post: MomentPost,
    *,
    moment_id: str,
    invalid: Mapping[str, Sequence[str]],
    check_at: datetime,
    now: datetime,
) -> None:
    """The platform has asked the guides; those it does not know are out."""
    moved = await move(
        session,
        post.id,
        expected=("making",),
        state="open",
        moment_id=moment_id,
        invalid=dict(invalid) or None,
        check_at=check_at,
    )
    if not moved:
        return
    if strangers := invalid.get("guides"):
        await session.execute(
            _of(post.id, strangers, "planned").values(state="refused", slot=None)
        )
    await move_tasks(session, post.id, expected=("planned",), state="asked", asked_at=now)


async def published(
    session: AsyncSession, post_id: int, userids: Sequence[str], now: datetime
) -> None:
    for start in range(0, len(userids), AT_ONCE):
        some = userids[start : start + AT_ONCE]
        done = _of(post_id, some, "asked").values(state="published", published_at=now)
        await session.execute(done)


def _of(post_id: int, userids: Sequence[str], state: str) -> Any:
    named = select(Guide.id).where(Guide.userid.in_(userids))
    return update(MomentTask).where(
        MomentTask.post_id == post_id,
        MomentTask.state == state,
        MomentTask.guide_id.in_(named),
    )


async def waiting(session: AsyncSession, post_id: int) -> int:
    """How many guides still have to publish it."""
    asked = select(func.count()).where(MomentTask.post_id == post_id, MomentTask.state == "asked")
    return await session.scalar(asked) or 0


async def remind(
    session: AsyncSession, post_id: int, *, now: datetime, after: timedelta, most: int
) -> list[str]:
    """Note one more reminder of whoever has let it wait so long. Returns their userids."""
    last = func.coalesce(MomentTask.reminded_at, MomentTask.asked_at)
    late = (
        update(MomentTask)
        .where(
            MomentTask.post_id == post_id,
            MomentTask.state == "asked",
            MomentTask.reminders < most,
            last <= now - after,
        )
        .values(reminders=MomentTask.reminders + 1, reminded_at=now)
        .returning(MomentTask.guide_id)
        .execution_options(synchronize_session=False)
    )
    ids = list(await session.scalars(late))
    named = select(Guide.userid).where(Guide.id.in_(ids)).order_by(Guide.id)
    return list(await session.scalars(named)) if ids else []


async def next_reminder(
    session: AsyncSession, post_id: int, *, after: timedelta, most: int
) -> datetime | None:
    last = func.coalesce(MomentTask.reminded_at, MomentTask.asked_at)
    first = select(func.min(last)).where(
        MomentTask.post_id == post_id, MomentTask.state == "asked", MomentTask.reminders < most
    )
    found: datetime | None = await session.scalar(first)
    return found + after if found else None


async def call_back(
    session: AsyncSession, vault: Vault, post: MomentPost, *, reason: str, now: datetime
) -> bool:
    """Ask the platform to stop what no guide has published. Only then is anything written off."""
    moved = await move(
        session,
        post.id,
        expected=("open",),
        state="ending",
        reason=reason,
        cancels=MomentPost.cancels + 1,
        check_at=None,
    )
    if moved:
        await outbox.owe(
            session,
            vault,
            CancelMoment(moment_id=post.moment_id or ""),
            effect=f"moment:{post.id}:stop:{post.cancels + 1}",
            now=now,
            lane="express",
        )
    return moved


async def call_all_back(session: AsyncSession, vault: Vault, now: datetime) -> int:
    """The kill switch: whatever waits for a guide's tap. What is being made is stopped once it has a number."""
    await session.execute(
        update(MomentPost).where(MomentPost.state == "making").values(reason="kill_switch")
    )
    waits = select(MomentPost).where(MomentPost.state == "open").order_by(MomentPost.id)
    posts = (await session.scalars(waits)).all()
    for post in posts:
        await call_back(session, vault, post, reason="kill_switch", now=now)
    return len(posts)


async def withdraw_debt(
    session: AsyncSession, post: MomentPost, reason: str, now: datetime
) -> bool:
    """Before its hour nothing was asked for; False when it is on its way just now."""
    debt = Owed.effect == effect_of(post.id, post.attempts)
    taken_back = (
        update(Owed)
        .where(debt, Owed.state == "owed")
        .values(state="cancelled", reason=reason, settled_at=now)
    )
    return await changed(session, taken_back) == 1


def effect_of(post_id: int, attempt: int) -> str:
    return f"moment:{post_id}:make:{attempt}"


def post_of(effect: str) -> int:
    return int(effect.split(":")[1])


async def to_count(
    session: AsyncSession, post_id: int, now: datetime, *, limit: int
) -> list[Published]:
    """Published moments that were not counted today, one more than `limit` when there are more."""
    query = (
        select(MomentTask.id, Guide.userid)
        .join(Guide, Guide.id == MomentTask.guide_id)
        .where(MomentTask.post_id == post_id, MomentTask.state == "published")
        .where((MomentTask.counted_at.is_(None)) | (MomentTask.counted_at <= now - COUNTED_AGAIN))
        .order_by(MomentTask.id)
        .limit(limit + 1)
    )
    return [Published(*row) for row in await session.execute(query)]


async def note_counts(session: AsyncSession, counts: Sequence[Mapping[str, Any]]) -> None:
    """`id`, `seen`, `likes`, `comments` and `counted_at` of each."""
    if counts:
        await session.execute(update(MomentTask), [dict(one) for one in counts])
