"""Clocks of cases as periodic work, and what to do when a customer could not be told."""

from __future__ import annotations

from bot.calls import Outcome, SendKf, SendOfficial, Sent, Unclear
from bot.domain.cases import Case
from bot.domain.cases.clocks import marks
from bot.outbound.settled import Settling, settled
from bot.store import cases
from bot.store.outbox import Claimed
from bot.work.context import Work

AT_ONCE = 20


async def clocks_due(work: Work) -> int:
    """Pass every moment that is due, each once, over any number of processes and restarts."""
    done = 0
    while True:
        async with work.sessions.begin() as session:
            found = await cases.due(session, now := work.now(), limit=AT_ONCE)
            for case in found:
                await cases.begin(session, work.vault, work.content, case, now)
                passed = await cases.passed(session, case.id)
                for mark in marks(case):
                    if mark.at <= now and (mark.kind, mark.level) not in passed:
                        done += await cases.fire(
                            session, work.vault, work.content, case, mark, now
                        )
                await cases.look_again(session, case)
        if len(found) < AT_ONCE:
            return done


@settled.on(SendKf)
async def told_in_kf(call: SendKf, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    await _not_told(call.text, outcome, owed, turn)


@settled.on(SendOfficial)
async def told_fan(call: SendOfficial, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    await _not_told(call.text, outcome, owed, turn)


async def _not_told(words: str, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    """What the window did not take, her guide says; what may have arrived is not said twice."""
    parts = owed.effect.split(":")
    if isinstance(outcome, Sent) or parts[0] != "case" or parts[-1] != "told":
        return
    case = await turn.session.get(Case, int(parts[1]))
    step = await cases.step_of(turn.session, int(parts[1]), parts[2], int(parts[3]))
    if case is None or step is None:
        return
    if isinstance(outcome, Unclear):
        step.told = "unknown"
        return
    step.told = await cases.by_guide(
        turn.session, turn.vault, case, f"{owed.effect}:again", words=words, now=turn.now
    )
