"""One reconciliation under way: asking the platform with some patience, counting, and writing in short transactions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.calls import Call, Outcome, Sent, TryLater, kind_of
from bot.outbound.reconcile.report import Gap, Report
from bot.outbound.settled import Settling
from bot.platforms.port import Platform
from bot.work.context import Work

WAITS = (0.0, 2.0, 5.0)
"""Real seconds before another try. Questions are harmless to repeat."""
LONGEST = timedelta(seconds=10)
"""Whoever must wait longer is asked the next night."""
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Patient:
    """The platform, with every call counted and what was lost asked again."""

    platform: Platform
    report: Report

    async def perform(self, call: Call) -> Outcome:
        for wait in WAITS:
            outcome = await self._once(call)
            if not call.repeatable or not isinstance(outcome, TryLater) or outcome.after > LONGEST:
                return outcome
            await asyncio.sleep(wait)
        return await self._once(call)

    async def _once(self, call: Call) -> Outcome:
        self.report.calls[kind_of(call)] += 1
        return await self.platform.perform(call)


@dataclass(frozen=True, slots=True)
class Round:
    work: Work
    report: Report
    repair: bool

    @classmethod
    def begin(cls, work: Work, *, repair: bool) -> Round:
        report = Report(dry=not repair)
        return cls(replace(work, platform=Patient(work.platform, report)), report, repair)

    async def ask(self, call: Call) -> Outcome:
        return await self.work.platform.perform(call)

    async def pages(self, ask: Callable[[str | None], Call]) -> AsyncIterator[Outcome]:
        """Page after page until the cursor is empty; a page may be empty and still not the last.
        What is not `Sent` is the last one: whatever it would have listed is not known."""
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            outcome = await self.ask(ask(cursor))
            yield outcome
            cursor = outcome.answer.get("next_cursor") if isinstance(outcome, Sent) else None
            if not cursor:
                return

    def gap(self, what: str, outcome: Outcome) -> None:
        why = "no_answer" if isinstance(outcome, Sent) else outcome.reason
        self.report.gaps.append(Gap(what, why, getattr(outcome, "code", 0)))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Settling]:
        async with self.work.sessions.begin() as session:
            yield Settling(session, self.work.now(), self.work.vault, self.work.content)
