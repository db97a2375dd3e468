"""Pays debts: claim with a lease and a fence, perform with no transaction open, settle by the fence's owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import Call, Outcome, Refused, Sent, TryLater, Unclear
from bot.domain.delivery import Owed
from bot.domain.quotas import Limits, read_limits
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
HELD = "held"
"""The platform was not asked: that is no attempt."""
LONGEST_WAIT = timedelta(minutes=30)
Settled = tuple[Owed, Call | None, Outcome]
"""None for a call that could not be read."""


class Sender:
    """One per process; `owner` names it in the fences."""

    def __init__(
        self,
        work: Work,
        *,
        owner: str,
        alarm: Callable[[Exception], None] = lambda bug: None,  # noqa: ARG005
    ) -> None:
        """`alarm` is told of every bug of our own, beside the log."""
        self._work = work
        self._owner = owner
        self._alarm = alarm

    async def pay(self, *, limit: int = AT_ONCE) -> int:
        """Pay up to `limit` due debts. Returns how many were looked at."""
        claimed = await self._claim(limit)
        if not claimed:
            return 0
        payable, settled_early = await self._look(claimed)
        outcomes = await asyncio.gather(*(self._perform(owed, call) for owed, call in payable))
        results: list[Settled] = [
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
    ) -> tuple[list[tuple[Owed, Call]], list[Settled]]:
        """The last look right before the call: what has run out, was interrupted or may not go any more."""
        limits = read_limits(self._work.content.limits)
        payable: list[tuple[Owed, Call]] = []
        ended: list[Settled] = []
        async with self._work.sessions.reading() as session:
            for owed in claimed:
                call: Call | None = None
                verdict: Outcome | None
                try:
                    call = outbox.open_call(self._work.vault, owed)
                    verdict = await self._verdict(session, owed, call, limits)
                except Exception as bug:  # noqa: BLE001 - the neighbours go on
                    self._report("debt unread", owed, bug)
                    # What was under way when its owner died stays so: it must not be called again.
                    verdict = TryLater(reason="in_flight" if owed.reason == "in_flight" else "bug")
                if call is None or verdict is not None:
                    ended.append((owed, call, verdict or TryLater(reason="bug")))
                else:
                    payable.append((owed, call))
        return payable, ended

    async def _verdict(
        self, session: AsyncSession, owed: Owed, call: Call, limits: Limits
    ) -> Outcome | None:
        """What ends this debt without a call, or None when it is to be paid."""
        now = self._work.now()
        interrupted = owed.attempts > 1 and owed.reason == "in_flight"
        reason: str | None = None
        if owed.expires_at is not None and owed.expires_at <= now:
            reason = "expired"
        elif not interrupted or call.repeatable:
            reason = await may_go(session, owed, call, now, vault=self._work.vault, limits=limits)
        if interrupted and (reason or not call.repeatable):
            return Unclear("interrupted")  # it may have been made: not to be called unsent
        return Refused(0, reason) if reason else None

    async def _perform(self, owed: Owed, call: Call) -> Outcome:
        try:
            return await self._work.platform.perform(call)
        except Exception as bug:  # noqa: BLE001 - one call's bug is its own outcome
            log.error("call failed", kind=owed.kind, outbox_id=owed.id, error=type(bug).__name__)
            return TryLater(reason="bug") if call.repeatable else Unclear("bug")

    async def _settle(self, results: list[Settled]) -> None:
        now = self._work.now()
        async with self._work.sessions.begin() as session:
            settling = Settling(session, now, self._work.vault, self._work.content)
            for owed, call, found in results:
                outcome = _give_up(owed, found)
                values = _written(owed, outcome, now)
                if not await outbox.settle(session, owed, **values):
                    log.warning("settled by somebody else", outbox_id=owed.id)
                elif call is not None and not isinstance(outcome, TryLater):
                    await self._tell(call, outcome, owed, settling)

    async def _tell(self, call: Call, outcome: Outcome, owed: Owed, settling: Settling) -> None:
        """What became of a call stays written even where hearing of it breaks, and the neighbours' too."""
        try:
            async with settling.session.begin_nested():
                await settled.tell(call, outcome, owed, settling)
        except Exception as bug:  # noqa: BLE001 - a call that was made must not be made again
            self._report("settling failed", owed, bug)

    def _report(self, what: str, owed: Owed, bug: Exception) -> None:
        log.error(what, kind=owed.kind, outbox_id=owed.id, error=type(bug).__name__)
        self._alarm(bug)


def _give_up(owed: Owed, outcome: Outcome) -> Outcome:
    if not isinstance(outcome, TryLater) or outcome.reason == HELD:
        return outcome
    if owed.attempts >= MOST_ATTEMPTS:
        return Refused(outcome.code, "gave_up", outcome.reason)
    return outcome


def _written(owed: Owed, outcome: Outcome, now: datetime) -> dict[str, Any]:
    match outcome:
        case Sent(answer):
            shown = {name: answer[name] for name in SHOWN if name in answer}
            return {"state": "done", "answer": shown, "settled_at": now, "reason": None}
        case TryLater(reason=reason, after=after) if reason == HELD:
            spread = timedelta(seconds=owed.id % 20)  # when it opens, not everybody at once
            due_at = now + after + spread
            return {
                "state": "owed",
                "due_at": due_at,
                "reason": reason,
                "attempts": owed.attempts - 1,
            }
        case TryLater(code, reason, after):
            wait = min(after * 2 ** (owed.attempts - 1), LONGEST_WAIT)
            return {"state": "owed", "due_at": now + wait, "code": code, "reason": reason}
        case Refused(code, reason):
            state = "expired" if reason == "expired" else "refused"
            return {"state": state, "code": code, "reason": reason, "settled_at": now}
        case Unclear(reason):
            return {"state": "unknown", "reason": reason, "settled_at": now}
