"""Moments on their way: made by a job, published by guides, counted once a day, called back before the night."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import (
    AddMoment,
    CancelMoment,
    GetMomentComments,
    GetMomentJob,
    GetMomentReach,
    GetMomentTasks,
    Outcome,
    Refused,
    SendAppText,
    Sent,
    Unclear,
)
from bot.domain.moments import COUNTED_FOR, JOB_LIFETIME, MomentPost, next_look, told_invalid
from bot.domain.quotas import read_limits
from bot.domain.reasons import of_platform
from bot.outbound.results import pages
from bot.outbound.settled import Settling, settled
from bot.store import moments, outbox
from bot.store.moments import Published
from bot.store.outbox import Claimed
from bot.work.context import Work

SOON = timedelta(minutes=1)
ONCE_MORE = timedelta(minutes=3)
COUNTED_AT_ONCE = 100
SIDE_BY_SIDE = 10
REMINDED_AT_ONCE = 1000
DONE = 3
"""The status of a job that is over."""


@settled.on(AddMoment)
async def made(_call: AddMoment, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    session, number = turn.session, moments.post_of(owed.effect)
    match outcome:
        case Sent(answer):
            said = {"jobid": str(answer["jobid"]), "check_at": turn.now + SOON}
            await moments.move(session, number, expected=("approved",), state="making", **said)
        case Unclear():
            # Never made twice: guides would find the same post again.
            await moments.move(session, number, expected=("approved",), state="unknown")
            await moments.move_tasks(session, number, expected=("planned",), state="unknown")
        case Refused(reason=reason):
            why = of_platform(reason)
            await moments.end(session, number, expected=("approved",), state="refused", reason=why)


@settled.on(CancelMoment)
async def called_back(
    _call: CancelMoment, outcome: Outcome, owed: Claimed, turn: Settling
) -> None:
    """Only now is anybody asked for the last time who published it."""
    number, again = moments.post_of(owed.effect), turn.now + SOON
    if isinstance(outcome, Refused) and outcome.reason == "gave_up":
        said = {"state": "open", "check_at": again}
        await moments.move(turn.session, number, expected=("ending",), **said)
    else:
        await moments.move(turn.session, number, expected=("ending",), check_at=again)


async def moments_due(work: Work) -> int:
    """Ask about every post whose time has come. Nothing is asked while none is under way."""
    async with work.sessions.reading() as session:
        posts = await moments.to_check(session, work.now())
    for post in posts:
        await _LOOKS[post.state](work, post)
    return len(posts)


async def _job(work: Work, post: MomentPost) -> None:
    outcome = await work.platform.perform(GetMomentJob(jobid=post.jobid or ""))
    now = work.now()
    async with work.sessions.begin() as session:
        if isinstance(outcome, Sent) and outcome.answer.get("status") == DONE:
            await _finished(session, work, post, outcome.answer.get("result") or {})
        elif isinstance(outcome, Refused) or now >= post.due_at + JOB_LIFETIME:
            await moments.move(
                session, post.id, expected=("making",), state="unknown", check_at=None
            )
            await moments.move_tasks(session, post.id, expected=("planned",), state="unknown")
        else:
            await moments.move(session, post.id, expected=("making",), check_at=now + ONCE_MORE)


async def _finished(
    session: AsyncSession, work: Work, post: MomentPost, result: dict[str, Any]
) -> None:
    now, moment_id = work.now(), str(result.get("moment_id") or "")
    if result.get("errcode") or not moment_id:
        await moments.end(
            session, post.id, expected=("making",), state="refused", reason="refused"
        )
        return
    # Somebody stopped it while it had no number yet: then it is looked at, and called back, at once.
    first = now if post.reason else now + timedelta(minutes=10)
    await moments.opened(
        session,
        post,
        moment_id=moment_id,
        invalid=told_invalid(result),
        check_at=first,
        now=now,
    )


async def _tasks(work: Work, post: MomentPost) -> None:
    """Who has published it since; the others are reminded, or it is called back."""
    rows = await pages(
        work,
        lambda cursor: GetMomentTasks(moment_id=post.moment_id or "", cursor=cursor),
        "task_list",
    )
    now = work.now()
    if rows is None:
        async with work.sessions.begin() as session:
            here = (post.state,)
            await moments.move(session, post.id, expected=here, check_at=now + ONCE_MORE)
        return
    done = [str(row["userid"]) for row in rows if row.get("publish_status") == 1]
    async with work.sessions.begin() as session:
        await moments.published(session, post.id, done, now)
        await _go_on(session, work, post, now)
    await _count(work, post, closing=False)


async def _go_on(session: AsyncSession, work: Work, post: MomentPost, now: datetime) -> None:
    left = await moments.waiting(session, post.id)
    if post.state == "ending" or left == 0:
        stopped = post.reason not in {None, "expired"}
        became = "cancelled" if stopped else "expired"
        free = {"slot": None} if stopped else {}
        await moments.move_tasks(session, post.id, expected=("asked",), state=became, **free)
        await moments.move(
            session, post.id, expected=("open", "ending"), state="over", check_at=now
        )
    elif post.reason or now >= post.expires_at:
        why = post.reason or "expired"
        await moments.call_back(session, work.vault, post, reason=why, now=now)
    else:
        at = await _remind(session, work, post, now)
        later = next_look(now, since=post.due_at, expires_at=post.expires_at, remind_at=at)
        await moments.move(session, post.id, expected=("open",), check_at=later)


async def _remind(
    session: AsyncSession, work: Work, post: MomentPost, now: datetime
) -> datetime | None:
    """The platform knocks once by itself; more is a word of ours. When the next one is due."""
    limits = read_limits(work.content.limits)
    after, most = (
        timedelta(minutes=limits.guides.remind_after_minutes),
        limits.guides.reminders_per_day,
    )
    if not limits.quiet_hours.covers(now):
        late = await moments.remind(session, post.id, now=now, after=after, most=most)
        until = post.expires_at.astimezone(limits.zone)
        words = f"有一条朋友圈等你发表，{until:%H:%M} 前有效。打开企业微信「客户朋友圈」，看一眼再点发表。"
        for start in range(0, len(late), REMINDED_AT_ONCE):
            some = tuple(late[start : start + REMINDED_AT_ONCE])
            await outbox.owe(
                session,
                work.vault,
                SendAppText(userids=some, text=words),
                effect=f"moment:{post.id}:remind:{now:%Y%m%d%H%M}:{start}",
                now=now,
                expires_at=post.expires_at,
            )
    return await moments.next_reminder(session, post.id, after=after, most=most)


async def _over(work: Work, post: MomentPost) -> None:
    await _count(work, post, closing=True)


async def _count(work: Work, post: MomentPost, *, closing: bool) -> None:
    """Who saw it, likes and comments: once a day and guide, some at a time."""
    now = work.now()
    async with work.sessions.reading() as session:
        found = await moments.to_count(session, post.id, now, limit=COUNTED_AT_ONCE)
    counts: list[dict[str, Any]] = []
    for start in range(0, min(len(found), COUNTED_AT_ONCE), SIDE_BY_SIDE):
        some = found[start : min(start + SIDE_BY_SIDE, COUNTED_AT_ONCE)]
        told = await asyncio.gather(*(_counted(work, post.moment_id or "", one) for one in some))
        counts += [one for one in told if one]
    if not (counts or closing):
        return
    async with work.sessions.begin() as session:
        await moments.note_counts(session, counts)
        if closing:
            await moments.move(session, post.id, expected=("over",), **_after(post, found, now))


def _after(post: MomentPost, found: list[Published], now: datetime) -> dict[str, Any]:
    if len(found) > COUNTED_AT_ONCE:
        return {"check_at": now + SOON}
    tomorrow = now + timedelta(days=1)
    if tomorrow > post.due_at + COUNTED_FOR:
        return {"state": "settled", "check_at": None}
    return {"check_at": tomorrow}


async def _counted(work: Work, moment_id: str, one: Published) -> dict[str, Any] | None:
    seen = await pages(
        work,
        lambda cursor: GetMomentReach(moment_id=moment_id, userid=one.userid, cursor=cursor),
        "customer_list",
    )
    said = await work.platform.perform(GetMomentComments(moment_id=moment_id, userid=one.userid))
    if seen is None or not isinstance(said, Sent):
        return None
    return {
        "id": one.task_id,
        "seen": len(seen),
        "likes": _customers(said.answer, "like_list"),
        "comments": _customers(said.answer, "comment_list"),
        "counted_at": work.now(),
    }


def _customers(answer: Any, name: str) -> int:
    """Guides answer under their own moments too: they are not counted."""
    return sum(bool(row.get("external_userid")) for row in answer.get(name) or ())


_LOOKS = {"making": _job, "open": _tasks, "ending": _tasks, "over": _over}
