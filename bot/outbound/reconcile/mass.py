"""Mass tasks: what became of each that is open, asked about now, and whether both sides know the same ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.calls import ListMassTasks, Sent, TryLater
from bot.outbound import results
from bot.outbound.reconcile.round import Round
from bot.store import results as stored
from bot.store.results import STATES, Watched

KNOWN_FOR = timedelta(days=29)
"""The platform lists at most a month."""
SETTLING = timedelta(minutes=10)
"""So young a task may not be in the platform's list yet."""
MADE_BY_API = 0


async def compare_mass_tasks(round_: Round) -> None:
    async with round_.work.sessions.reading() as session:
        watched = await stored.open_tasks(session)
    for one in watched:
        await (_result(round_, one) if one.task.msgid else _lost(round_, one))
    await _listed(round_)


async def _result(round_: Round, one: Watched) -> None:
    there = await results.told(round_.work, one.task.msgid or "", one.userid)
    if there is None:
        round_.gap(f"mass_task:{one.task.msgid}", TryLater(0, "lost"))
        return
    round_.report.compared["mass_task"] += 1
    async with round_.work.sessions.reading() as session:
        waiting = await stored.addresses(session, one.task.id, only_open=True)
    news = [found for found in there if found.became in STATES and found.address in waiting]
    if news and round_.repair:
        await results.ask_about(round_.work, [one])
    for found in news:
        which = f"{one.task.msgid}:{found.address}"
        round_.report.saw("mass_result", "differing", which, repaired=round_.repair)


async def _lost(round_: Round, one: Watched) -> None:
    """The answer to making it was lost: is it there?"""
    msgid = await results.like(round_.work, one)
    if msgid:
        if round_.repair:
            await results.look_for(round_.work, one)
        round_.report.saw("mass_task", "missing_here", msgid, repaired=round_.repair)


async def _listed(round_: Round) -> None:
    now = round_.work.now()
    since = now - KNOWN_FOR
    there: set[str] = set()
    for chat_type in ("single", "group"):
        span = ListMassTasks(
            chat_type=chat_type,
            start_time=int(since.timestamp()),
            end_time=int(now.timestamp()),
            filter_type=MADE_BY_API,
        )
        async for outcome in round_.pages(partial(_from, span)):
            if not isinstance(outcome, Sent):
                round_.gap("mass_tasks", outcome)
                return
            there |= {str(row["msgid"]) for row in outcome.answer.get("group_msg_list") or ()}
    async with round_.work.sessions.reading() as session:
        ours = await stored.made_between(session, since + SETTLING, now - SETTLING)
    for msgid in sorted(ours - there):
        round_.report.saw("mass_task", "missing_there", msgid, repaired=False)


def _from(span: ListMassTasks, cursor: str | None) -> ListMassTasks:
    return replace(span, cursor=cursor)
