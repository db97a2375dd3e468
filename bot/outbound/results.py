"""Asks the platform what became of mass tasks: who confirmed, who was reached, and what was made at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import (
    Call,
    GetMassTaskMembers,
    GetMassTaskResult,
    ListMassTasks,
    Refused,
    Sent,
)
from bot.domain.campaigns import MassTask
from bot.store import calling_back, mass_tasks, results
from bot.store.results import Result, Watched
from bot.work.context import Work

SOON = timedelta(minutes=10)
LATEST = timedelta(hours=2)
BECAME = {0: "unsent", 1: "sent", 2: "not_friend", 3: "over_quota"}
LOST_AFTER = timedelta(minutes=10)
"""A task that the platform's list does not show after so long was never made."""
GIVE_UP_AFTER = timedelta(days=1)
"""When nobody could tell for so long, the outcome stays unknown for ever; it is never tried again."""
MOST_PAGES = 50
AT_ONCE = 20
"""Tasks asked about side by side, and written in one transaction: callbacks must not wait."""
MADE_BY_API, PERSONAL = 0, 1
OUTSIDE_DAYS = timedelta(days=2)


async def results_due(work: Work) -> int:
    """Ask about every task whose time has come. Returns how many were asked about."""
    async with work.sessions.reading() as session:
        watched = await results.to_check(session, work.now())
    for one in watched:
        if one.task.state == "unknown":
            await look_for(work, one)
    # In the order in which whoever calls tasks back takes them: two who write to the same must not wait in a circle.
    made = sorted(
        (one for one in watched if one.task.state != "unknown"), key=lambda one: one.task.id
    )
    for start in range(0, len(made), AT_ONCE):
        await ask_about(work, made[start : start + AT_ONCE])
    return len(watched)


async def ask_about(work: Work, some: Sequence[Watched]) -> None:
    """Who has tapped, and whom those who have reached: asked side by side, written together."""
    taps = await asyncio.gather(*(_tapped(work, one) for one in some))
    confirmed = [one for one, moment in zip(some, taps, strict=True) if moment is not None]
    found = await asyncio.gather(
        *(told(work, one.task.msgid or "", one.userid) for one in confirmed)
    )
    async with work.sessions.begin() as session:
        for one, moment in zip(some, taps, strict=True):
            await _note_tap(session, work, one.task, moment)
        for one, became in zip(confirmed, found, strict=True):
            await _note_results(session, work, one.task, became)


async def _tapped(work: Work, one: Watched) -> datetime | None:
    """When the guide confirmed; None where she has not, or nobody can tell."""
    if one.task.state != "waiting":
        return one.task.confirmed_at or work.now()
    members = await pages(
        work,
        lambda cursor: GetMassTaskMembers(msgid=one.task.msgid or "", cursor=cursor),
        "task_list",
    )
    tapped = [row for row in members or () if row.get("status") == 2]
    return (_moment(tapped[0].get("send_time")) or work.now()) if tapped else None


async def _note_tap(
    session: AsyncSession, work: Work, task: MassTask, moment: datetime | None
) -> None:
    """The task is confirmed, goes on waiting, or its time is over."""
    now = work.now()
    if task.state != "waiting":
        return
    if moment is not None:
        columns = {"state": "confirmed", "confirmed_at": moment, "checked_at": now}
        await mass_tasks.move(session, task.id, expected=("waiting",), **columns)
    elif now >= task.expires_at:
        await calling_back.call_back(session, work.vault, task, reason="expired", now=now)
    else:
        later = _next(task, now)
        await mass_tasks.move(
            session, task.id, expected=("waiting",), checked_at=now, check_at=later
        )


async def _note_results(
    session: AsyncSession, work: Work, task: MassTask, found: list[Result] | None
) -> None:
    now, confirmed = work.now(), ("confirmed",)
    if found is None:
        await mass_tasks.move(
            session, task.id, expected=(task.state, "confirmed"), check_at=now + SOON
        )
        return
    left = await results.write(session, task.id, found, now=now)
    if task.state == "cancelling":
        # Who is not named in the answer may have been written to: nobody else does it then.
        named = {one.address for one in found}
        sure = await results.addresses(session, task.id, only_open=True) <= named
        again_at = work.content.limits.hand_over_from(now) if sure else None
        await calling_back.finish(session, task, now, again_at=again_at)
    elif left == 0:
        await mass_tasks.move(session, task.id, expected=confirmed, state="settled", check_at=None)
    elif now >= task.expires_at:
        await calling_back.call_back(session, work.vault, task, reason="expired", now=now)
    else:
        await mass_tasks.move(session, task.id, expected=confirmed, check_at=_next(task, now))


def _next(task: Any, now: datetime) -> datetime:
    """Often at first, seldom later, and once when the time to confirm is over."""
    wait = min(max(SOON, (now - task.created_at) / 4), LATEST)
    expires: datetime = task.expires_at
    return min(now + wait, expires) if expires > now else now + SOON


async def told(work: Work, msgid: str, userid: str) -> list[Result] | None:
    rows = await pages(
        work,
        lambda cursor: GetMassTaskResult(msgid=msgid, userid=userid, cursor=cursor),
        "send_list",
    )
    if rows is None:
        return None
    return [
        Result(
            str(row["external_userid"]),
            BECAME.get(int(row.get("status", 0)), "unsent"),
            _moment(row.get("send_time")),
        )
        for row in rows
        if row.get("external_userid")
    ]


async def look_for(work: Work, one: Watched) -> None:
    """The answer to making this task was lost. It is looked for, and made anew only if it is not there."""
    task, now = one.task, work.now()
    msgid = await like(work, one)
    async with work.sessions.begin() as session:
        if msgid:
            await mass_tasks.handed_over(
                session, task.id, msgid=msgid, failed=(), check_at=now, now=now
            )
        elif msgid is None and now >= task.expires_at + GIVE_UP_AFTER:
            await calling_back.never_known(session, task, now)
        elif msgid is None or now < task.created_at + LOST_AFTER:
            await mass_tasks.move(
                session, task.id, expected=("unknown",), check_at=now + timedelta(minutes=3)
            )
        elif now >= task.expires_at:
            await calling_back.never_made(session, task, now)
        else:
            await mass_tasks.make_again(session, work.vault, task, one.userid, now=now)


async def like(work: Work, one: Watched) -> str | None:
    """The msgid of a task with this sender, text and audience; "" if there is none, None if nobody can tell."""
    task = one.task
    text = work.vault.unseal(task.text, about=mass_tasks.ABOUT)
    listed = await _listed(work, since=task.created_at, filter_type=MADE_BY_API)
    if listed is None:
        return None
    alike = [str(row["msgid"]) for row in listed if (row.get("text") or {}).get("content") == text]
    async with work.sessions.reading() as session:
        taken = await results.known(session, alike)
        ours = await results.addresses(session, task.id)
    for msgid in alike:
        if msgid not in taken:
            found = await told(work, msgid, one.userid)
            if found is None:
                return None
            if ours & {result.address for result in found}:
                return msgid
    return ""


async def outside_due(work: Work) -> int:
    """Find what guides have sent by their own hand lately. Returns how many such messages are known now."""
    now = work.now()
    listed = await _listed(work, since=now - OUTSIDE_DAYS, filter_type=PERSONAL)
    async with work.sessions.reading() as session:
        ours = await results.known(session, [str(row["msgid"]) for row in listed or ()])
    found = 0
    for msgid in [str(row["msgid"]) for row in listed or () if str(row["msgid"]) not in ours]:
        for userid in await _senders(work, msgid):
            rows = await told(work, msgid, userid) or []
            sent = [result for result in rows if result.became == "sent"]
            async with work.sessions.begin() as session:
                await results.write_outside(session, msgid, sent, now=now)
            found += len(sent)
    return found


async def _senders(work: Work, msgid: str) -> list[str]:
    members = await pages(
        work, lambda cursor: GetMassTaskMembers(msgid=msgid, cursor=cursor), "task_list"
    )
    return [str(row["userid"]) for row in members or () if row.get("status") == 2]


async def _listed(work: Work, *, since: datetime, filter_type: int) -> list[dict[str, Any]] | None:
    start = int((since - timedelta(minutes=5)).timestamp())
    end = int((work.now() + timedelta(minutes=5)).timestamp())
    return await pages(
        work,
        lambda cursor: ListMassTasks(
            chat_type="single",
            start_time=start,
            end_time=end,
            filter_type=filter_type,
            cursor=cursor,
        ),
        "group_msg_list",
    )


async def pages(
    work: Work, ask: Callable[[str | None], Call], key: str
) -> list[dict[str, Any]] | None:
    """Every row of a paged answer; None when the platform cannot be asked now."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        outcome = await work.platform.perform(ask(cursor))
        if isinstance(outcome, Refused):
            break  # an answer too: there is nothing of the kind, or not with this guide
        if not isinstance(outcome, Sent):
            return None
        rows.extend(outcome.answer.get(key) or ())
        cursor = outcome.answer.get("next_cursor") or None
        if cursor is None:
            break
    return rows


def _moment(stamp: Any) -> datetime | None:
    return datetime.fromtimestamp(int(stamp), UTC) if stamp else None
