"""Advisors: given to whoever should have one; customers of a guide who left are passed on, and everybody is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import GetTransferResult, Outcome, Refused, Sent, TransferCustomers
from bot.domain.advisors import LIMITED, STATUS, Candidate, choose
from bot.domain.customers import HandOver
from bot.outbound.settled import Settling, settled
from bot.store import advisors, outbox
from bot.store.advisors import Left
from bot.store.outbox import Claimed
from bot.work.context import Work

AT_MOST = 500
AT_ONCE = 100
"""Customers in one call of the platform."""
A_DAY = timedelta(hours=25)
"""What was asked takes effect after 24 h; an hour later the platform is asked, should its news have been lost."""


async def advisors_due(work: Work) -> int:
    """Once a day: advisors given, customers of those who left passed on, what is overdue asked for."""
    return await _assign(work) + await _pass_on(work) + await _ask_results(work)


async def _assign(work: Work) -> int:
    wanted = work.content.advisors
    async with work.sessions.begin() as session:
        now = work.now()
        missing = await advisors.unadvised(session, wanted.rule, now, most=AT_MOST)
        if not missing:
            return 0
        known = await advisors.candidates(session)
        done = 0
        for customer_id, (likes, guides) in missing.items():
            hers = [known[guide] for guide in guides if guide in known]
            chosen = choose(hers, skills=wanted.skills, most=wanted.most, likes=likes)
            if chosen is not None:
                await advisors.assign(
                    session, customer_id=customer_id, guide_id=chosen.guide_id, now=now
                )
                chosen.load += 1
                done += 1
        return done


async def _pass_on(work: Work) -> int:
    async with work.sessions.begin() as session:
        now = work.now()
        left = await advisors.orphans(session, now, most=AT_MOST)
        known = list((await advisors.candidates(session)).values()) if left else []
        asked: defaultdict[tuple[str, str], list[HandOver]] = defaultdict(list)
        for one in left:
            if taker := _taker(work, known, one):
                row = await advisors.ask(session, one, taker.userid, now)
                asked[one.giver, taker.userid].append(row)
        for rows in asked.values():
            for start in range(0, len(rows), AT_ONCE):
                await _owe(session, work, rows[start : start + AT_ONCE])
        return sum(map(len, asked.values()))


def _taker(work: Work, known: Sequence[Candidate], left: Left) -> Candidate | None:
    wanted = work.content.advisors
    chosen = choose(
        known,
        skills=wanted.skills,
        most=wanted.most,
        likes=left.likes,
        store_id=left.store_id,
    )
    if chosen is not None:
        chosen.load += 1
    return chosen


async def _owe(session: AsyncSession, work: Work, rows: Sequence[HandOver]) -> None:
    call = TransferCustomers(
        handover_userid=rows[0].giver,
        takeover_userid=rows[0].taker,
        external_userids=tuple(row.external_userid for row in rows),
        resigned=True,
    )
    effect = f"transfer:{rows[0].id}"
    await outbox.owe(session, work.vault, call, effect=effect, now=work.now())


async def _ask_results(work: Work) -> int:
    async with work.sessions.begin() as session:
        now = work.now()
        late = await advisors.pending(session, before=now - A_DAY)
        pairs = {(row.giver, row.taker) for row in late}
        for giver, taker in sorted(pairs):
            call = GetTransferResult(handover_userid=giver, takeover_userid=taker, resigned=True)
            effect = f"transfer-result:{giver}:{taker}:{now:%Y-%m-%d}"
            await outbox.owe(session, work.vault, call, effect=effect, now=now)
        return len(pairs)


@settled.on(TransferCustomers)
async def asked(call: TransferCustomers, outcome: Outcome, _owed: Claimed, turn: Settling) -> None:
    """Of an unclear answer nothing is said: the result is asked for the next day."""
    rows = await advisors.pending(
        turn.session, giver=call.handover_userid, taker=call.takeover_userid
    )
    mine = {row.external_userid: row for row in rows if row.state == "asked"}
    mine = {who: mine[who] for who in call.external_userids if who in mine}
    if isinstance(outcome, Refused):
        await _end(turn, mine.values(), "failed")
    if not isinstance(outcome, Sent):
        return
    for told in outcome.answer.get("customer", ()):
        row = mine.get(told.get("external_userid", ""))
        code = told.get("errcode", 0)
        if row is not None:
            state = "waiting" if code == 0 else "limited" if code == LIMITED else "failed"
            await _end(turn, [row], state)


@settled.on(GetTransferResult)
async def looked(call: GetTransferResult, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    if not isinstance(outcome, Sent):
        return
    rows = await advisors.pending(
        turn.session, giver=call.handover_userid, taker=call.takeover_userid
    )
    mine = {row.external_userid: row for row in rows}
    for told in outcome.answer.get("customer", ()):
        row = mine.get(told.get("external_userid", ""))
        state = STATUS.get(told.get("status", 0), "waiting")
        if row is not None and state != "waiting":
            await _end(turn, [row], state)
    if cursor := outcome.answer.get("next_cursor"):
        following = GetTransferResult(
            handover_userid=call.handover_userid,
            takeover_userid=call.takeover_userid,
            cursor=cursor,
            resigned=True,
        )
        await turn.owe(following, effect=f"{owed.effect}:{cursor}")


async def _end(turn: Settling, rows: Iterable[HandOver], state: str) -> None:
    await advisors.conclude(turn.session, turn.vault, rows, state, turn.now)
