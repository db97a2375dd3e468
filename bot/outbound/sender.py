"""Pays debts: claim with a lease and a fence, perform with no transaction open, settle by the fence's owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import Call, Outcome, Refused, Sent, TryLater, Unclear
from bot.content import wording
from bot.domain.quotas import read_limits
from bot.outbound import last_look
from bot.outbound.settled import Settling, Told, settled
from bot.store import outbox, switches
from bot.store.outbox import UNDER_WAY, Claimed
from bot.work.context import Work

log = structlog.get_logger()

LEASE_SECONDS = 45.0
"""Longer than any call may take (10 s and one token refresh), so that nobody repeats a call under way."""
ROUND = 400
"""Claimed and looked at together."""
AT_ONCE = 50
"""Under way at one time: whatever is when a token ends is asked for twice, and is unknown when we die."""
TOGETHER_SECONDS = 0.2
"""Answers that come within so long of each other are written in one transaction; a slower one holds up nobody."""
WORTH_SECONDS = 0.5
"""So long is a last look worth something: what is not begun by then goes back, and rounds are shorter for a while."""
MOST_ATTEMPTS = 8
MOST_CRASHES = outbox.SUSPECT + 1
"""After so many deaths of those who had it in hand, a debt is what kills them: it is parked."""
SHOWN = ("msgid", "config_id")
"""What is kept of an answer beside its debt. Whoever hears of it gets all, but answers carry names and phones."""
HELD = "held"
"""The platform was not asked: that is no attempt."""
LONGEST_WAIT = timedelta(minutes=30)
Settled = tuple[Claimed, Call | None, Outcome]
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
        self._round = AT_ONCE

    async def pay(self, *, limit: int = ROUND) -> int:
        """Pay up to `limit` due debts. Returns how many were looked at."""
        claimed = await self._claim(min(limit, self._round))
        if claimed:
            await self._pay(claimed)
        return len(claimed)

    async def _give_back(self, claimed: Sequence[Claimed]) -> None:
        async with self._work.sessions.begin() as session:
            await outbox.settle(session, [(owed, outbox.unasked(owed)) for owed in claimed])

    async def _pay(self, claimed: Sequence[Claimed]) -> None:
        monotonic = self._work.clock.monotonic
        began = monotonic()
        payable, became = await self._look(claimed)
        under_way: set[asyncio.Task[Settled]] = set()
        try:
            while payable or under_way or became:
                room = AT_ONCE - len(under_way)
                some, payable = payable[:room], payable[room:]
                begun = await self._write(became, some)
                under_way |= {asyncio.create_task(self._made(*one)) for one in begun}
                became, under_way = await _together(under_way)
                if payable and monotonic() - began >= WORTH_SECONDS:
                    await self._give_back([owed for owed, _ in payable])
                    payable, self._round = [], max(self._round // 2, AT_ONCE)
            if monotonic() - began < WORTH_SECONDS / 2:
                self._round = min(self._round + AT_ONCE, ROUND)
        finally:
            for task in under_way:
                task.cancel()

    async def _made(self, owed: Claimed, call: Call) -> Settled:
        return owed, call, await self._perform(owed, call)

    async def _claim(self, limit: int) -> Sequence[Claimed]:
        async with self._work.sessions.begin() as session:
            return await outbox.claim(
                session,
                owner=self._owner,
                now=self._work.now(),
                real=self._work.clock.real(),
                lease=LEASE_SECONDS,
                limit=limit,
            )

    async def _write(
        self, became: Sequence[Settled], payable: list[tuple[Claimed, Call]]
    ) -> list[tuple[Claimed, Call]]:
        """In one transaction, what became of those that are answered, and that the next are under way from now on:
        whatever a customer would notice, or cannot be repeated, says so before it is. Returns who is."""
        marked = [owed for owed, call in payable if _tells(call) and owed.reason != UNDER_WAY]
        if not marked and not became:
            return payable
        async with self._work.sessions.begin() as session:
            await self._settle(session, became)
            # Pulled since the look: what is left here is looked at again when its lease is over.
            open_ = not marked or await switches.sending(session)
            begun = await outbox.begin(session, [one for one in marked if open_ or _answers(one)])
        lost = {owed.id for owed in marked} - begun
        return [(owed, call) for owed, call in payable if owed.id not in lost]

    async def _look(
        self, claimed: Sequence[Claimed]
    ) -> tuple[list[tuple[Claimed, Call]], list[Settled]]:
        """The last look right before the call: what has run out, was interrupted or may not go any more."""
        opened = [(owed, self._opened(owed)) for owed in claimed]
        readable = [(owed, call) for owed, call in opened if call is not None]
        ended: list[Settled] = [
            (owed, None, _unread(owed)) for owed, call in opened if call is None
        ]
        payable: list[tuple[Claimed, Call]] = []
        async with self._work.sessions.reading() as session:
            reasons = await self._reasons(session, [one for one in readable if self._asks(*one)])
        for owed, call in readable:
            verdict = self._verdict(owed, call, reasons)
            if verdict is None:
                payable.append((owed, call))
            else:
                ended.append((owed, call, verdict))
        return payable, ended

    def _opened(self, owed: Claimed) -> Call | None:
        try:
            return outbox.open_call(self._work.vault, owed)
        except Exception as bug:  # noqa: BLE001 - the neighbours go on
            self._report("debt unread", owed, bug)
            return None

    def _expired(self, owed: Claimed) -> bool:
        return owed.expires_at is not None and owed.expires_at <= self._work.now()

    def _asks(self, owed: Claimed, call: Call) -> bool:
        return not self._expired(owed) and (owed.reason != UNDER_WAY or call.repeatable)

    async def _reasons(
        self, session: AsyncSession, debts: Sequence[tuple[Claimed, Call]]
    ) -> dict[int, str | None]:
        """Why these must not be made any more; None where the look itself broke. What breaks for one is
        found out one by one."""
        work, limits = self._work, read_limits(self._work.content.limits)
        about = partial(wording.topic, work.content)
        look = last_look.Look(session, work.now(), work.vault, limits, about)
        try:
            return dict(await look.reasons(debts))
        except Exception as bug:  # noqa: BLE001 - the neighbours go on
            if len(debts) == 1:
                self._report("debt unread", debts[0][0], bug)
                return {debts[0][0].id: None}
        found: dict[int, str | None] = {}
        for one in debts:
            found |= await self._reasons(session, [one])
        return found

    def _verdict(
        self, owed: Claimed, call: Call, reasons: Mapping[int, str | None]
    ) -> Outcome | None:
        """What ends this debt without a call, or None when it is to be paid."""
        reason = "expired" if self._expired(owed) else reasons.get(owed.id)
        if owed.crashes >= MOST_CRASHES:
            log.error("debt parked", kind=owed.kind, outbox_id=owed.id, crashes=owed.crashes)
            reason = "gave_up"
        if owed.reason == UNDER_WAY and (reason or not call.repeatable):
            return Unclear("interrupted")  # it may have been made: not to be called unsent
        if owed.id in reasons and reason is None:
            return _unread(owed)
        return Refused(0, reason) if reason else None

    async def _perform(self, owed: Claimed, call: Call) -> Outcome:
        try:
            return await self._work.platform.perform(call)
        except Exception as bug:  # noqa: BLE001 - one call's bug is its own outcome
            log.error("call failed", kind=owed.kind, outbox_id=owed.id, error=type(bug).__name__)
            return TryLater(reason="bug") if call.repeatable else Unclear("bug")

    async def _settle(self, session: AsyncSession, results: Sequence[Settled]) -> None:
        if not results:
            return
        now = self._work.now()
        final = [(owed, call, _give_up(owed, found)) for owed, call, found in results]
        settling = Settling(session, now, self._work.vault, self._work.content)
        mine = await outbox.settle(
            session, [(owed, _written(owed, outcome, now)) for owed, _, outcome in final]
        )
        for owed in [owed for owed, _, _ in final if owed.id not in mine]:
            log.warning("settled by somebody else", outbox_id=owed.id)
        told = [
            Told(call, outcome, owed)
            for owed, call, outcome in final
            if owed.id in mine and call is not None and not isinstance(outcome, TryLater)
        ]
        await self._tell(told, settling)

    async def _tell(self, told: Sequence[Told], settling: Settling) -> None:
        """What became of a call stays written even where hearing of it breaks, and the neighbours' too."""
        if not told:
            return
        try:
            async with settling.session.begin_nested():
                await settled.tell(told, settling)
        except Exception as bug:  # noqa: BLE001 - a call that was made must not be made again
            if len(told) == 1:
                self._report("settling failed", told[0].owed, bug)
                return
            for one in told:
                await self._tell([one], settling)

    def _report(self, what: str, owed: Claimed, bug: Exception) -> None:
        log.error(what, kind=owed.kind, outbox_id=owed.id, error=type(bug).__name__)
        self._alarm(bug)


async def _together(
    under_way: set[asyncio.Task[Settled]],
) -> tuple[list[Settled], set[asyncio.Task[Settled]]]:
    """What came of those that are answered soon, and those that are not answered yet."""
    if not under_way:
        return [], under_way
    done, left = await asyncio.wait(under_way, timeout=TOGETHER_SECONDS)
    return [task.result() for task in done], left


def _tells(call: Call) -> bool:
    return not call.repeatable or isinstance(call, last_look.REACHES)


def _answers(owed: Claimed) -> bool:
    """To what she wrote herself: the kill switch does not concern it."""
    return owed.purpose == "service" and owed.touch_id is None and owed.mass_task_id is None


def _unread(owed: Claimed) -> Outcome:
    """What was under way when its owner died stays so: it must not be called again."""
    return TryLater(reason=UNDER_WAY if owed.reason == UNDER_WAY else "bug")


def _give_up(owed: Claimed, outcome: Outcome) -> Outcome:
    if not isinstance(outcome, TryLater) or outcome.reason == HELD:
        return outcome
    if owed.attempts >= MOST_ATTEMPTS:
        return Refused(outcome.code, "gave_up", outcome.reason)
    return outcome


def _written(owed: Claimed, outcome: Outcome, now: datetime) -> dict[str, Any]:
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
