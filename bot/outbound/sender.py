"""Pays debts: claim with a lease and a fence, perform with no transaction open, settle by the fence's owner."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.calls import Call, Outcome, Refused, Sent, TryLater, Unclear
from bot.domain.delivery import Owed
from bot.domain.quotas import read_limits
from bot.outbound.last_look import may_go
from bot.outbound.settled import Settling, settled
from bot.store import outbox
from bot.work.context import Work

log = structlog.get_logger()

LEASE_SECONDS = 60.0
"""Longer than any call may take (10 s and one token refresh), so that nobody repeats a call under way."""
AT_ONCE = 20
MOST_ATTEMPTS = 8
SHOWN = ("msgid", "config_id")
"""What is kept of an answer beside its debt. Whoever hears of it gets all, but answers carry names and phones."""
LONGEST_WAIT = timedelta(minutes=30)


class Sender:
    """One per process; `owner` names it in the fences."""

    def __init__(self, work: Work, *, owner: str) -> None:
        self._work = work
        self._owner = owner

    async def pay(self, *, limit: int = AT_ONCE) -> int:
        """Pay up to `limit` due debts. Returns how many were looked at."""
        claimed = await self._claim(limit)
        if not claimed:
            return 0
        payable, settled_early = await self._look(claimed)
        outcomes = await asyncio.gather(*(self._perform(owed, call) for owed, call in payable))
        results = [
            (owed, call, outcome) for (owed, call), outcome in zip(payable, outcomes, strict=True)
        ]
        await self._settle(results + settled_early)
        return len(claimed)

    async def _claim(self, limit: int) -> Sequence[Owed]:
        async with self._work.sessions.begin() as session:
            return await outbox.claim(
                session,
                owner=self._owner,
                now=self._work.now(),
                real=self._work.clock.real(),
                lease=LEASE_SECONDS,
                limit=limit,
            )

    async def _look(
        self, claimed: Sequence[Owed]
    ) -> tuple[list[tuple[Owed, Call]], list[tuple[Owed, Call, Outcome]]]:
        """The last look right before the call: what has run out, was interrupted or may not go any more."""
        now = self._work.now()
        limits, vault = read_limits(self._work.content.limits), self._work.vault
        payable: list[tuple[Owed, Call]] = []
        ended: list[tuple[Owed, Call, Outcome]] = []
        async with self._work.sessions.reading() as session:
            for owed in claimed:
                call = outbox.open_call(self._work.vault, owed)
                verdict: Outcome | None = None
                if owed.expires_at is not None and owed.expires_at <= now:
                    verdict = Refused(0, "expired")
                elif owed.attempts > 1 and owed.reason == "in_flight" and not call.repeatable:
                    verdict = Unclear("interrupted")
                elif reason := await may_go(session, owed, call, now, vault=vault, limits=limits):
                    verdict = Refused(0, reason)
                if verdict is None:
                    payable.append((owed, call))
                else:
                    ended.append((owed, call, verdict))
        return payable, ended

    async def _perform(self, owed: Owed, call: Call) -> Outcome:
        try:
            return await self._work.platform.perform(call)
        except Exception as bug:  # noqa: BLE001 - one call's bug is its own outcome
            log.error("call failed", kind=owed.kind, outbox_id=owed.id, error=type(bug).__name__)
            return TryLater(reason="bug") if call.repeatable else Unclear("bug")

    async def _settle(self, results: list[tuple[Owed, Call, Outcome]]) -> None:
        now = self._work.now()
        async with self._work.sessions.begin() as session:
            settling = Settling(session, now, self._work.vault, self._work.content)
            for owed, call, found in results:
                outcome = _give_up(owed, found)
                values = _written(owed, outcome, now)
                if not await outbox.settle(session, owed, **values):
                    log.warning("settled by somebody else", outbox_id=owed.id)
                elif not isinstance(outcome, TryLater):
                    await settled.tell(call, outcome, owed, settling)


def _give_up(owed: Owed, outcome: Outcome) -> Outcome:
    if isinstance(outcome, TryLater) and owed.attempts >= MOST_ATTEMPTS:
        return Refused(outcome.code, "gave_up", outcome.reason)
    return outcome


def _written(owed: Owed, outcome: Outcome, now: datetime) -> dict[str, Any]:
    match outcome:
        case Sent(answer):
            shown = {name: answer[name] for name in SHOWN if name in answer}
            return {"state": "done", "answer": shown, "settled_at": now, "reason": None}
        case TryLater(code, reason, after):
            wait = min(after * 2 ** (owed.attempts - 1), LONGEST_WAIT)
            return {"state": "owed", "due_at": now + wait, "code": code, "reason": reason}
        case Refused(code, reason):
            state = "expired" if reason == "expired" else "refused"
            return {"state": state, "code": code, "reason": reason, "settled_at": now}
        case Unclear(reason):
            return {"state": "unknown", "reason": reason, "settled_at": now}
