"""Runs walk on: due steps of many customers at once, each step a few statements over all who reached it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.browsing import MATCH
from bot.domain.journeys import Run, due_after
from bot.domain.playbooks import (
    AskGuide,
    Check,
    End,
    Invite,
    Jump,
    Message,
    Op,
    PlaybookSpec,
    TagStep,
    Wait,
    program,
)
from bot.domain.quotas import read_limits
from bot.domain.refusals import Refusal
from bot.outbound.goods import speaks_of
from bot.store import browsing, facts, group_chats, guide_tasks, invites, journeys, tags, touches
from bot.store.touches import Plan
from bot.work.context import Work

AT_ONCE = 100
ROUNDS = 64
"""No playbook has more steps between two waits; a circle of jumps would otherwise never end."""


async def advance_due(work: Work) -> int:
    """Take every run whose step has come as far as it goes today; how many runs moved."""
    moved = 0
    while True:
        async with work.sessions.begin() as session:
            runs = await journeys.claim_due(session, now=work.now(), limit=AT_ONCE)
            await _Walk(session, work, work.now()).take(runs)
        moved += len(runs)
        if len(runs) < AT_ONCE:
            return moved


@dataclass(slots=True)
class _Walk:
    """One batch of runs in one transaction."""

    session: AsyncSession
    work: Work
    now: datetime
    known: facts.Facts = field(default_factory=dict)

    async def take(self, runs: Sequence[Run]) -> None:
        specs = await journeys.versions(self.session, {(r.playbook, r.version) for r in runs})
        for key, spec in specs.items():
            await self._walk(spec, [run for run in runs if (run.playbook, run.version) == key])
        await self.session.flush()

    async def _walk(self, spec: PlaybookSpec, runs: Sequence[Run]) -> None:
        await self._let_go(spec, runs)
        ops = program(spec)
        for _ in range(ROUNDS):
            here = _by_step(runs, self.now)
            if not here:
                return
            for step, group in here.items():
                await self._perform(spec, ops[step] if step < len(ops) else End(), group)

    async def _let_go(self, spec: PlaybookSpec, runs: Sequence[Run]) -> None:
        if not isinstance(spec.leave, dict):
            return
        ids = {run.customer_id for run in runs}
        gone = await journeys.matching(self.session, spec.leave, ids, self.now)
        for run in runs:
            if run.customer_id in gone:
                _end(run, "left", "left_journey")
                await touches.cancel_for(
                    self.session,
                    customer_id=run.customer_id,
                    reason="left_journey",
                    now=self.now,
                    run_id=run.id,
                )

    async def _perform(self, spec: PlaybookSpec, op: Op, runs: Sequence[Run]) -> None:
        match op:
            case Wait():
                self._wait(op, runs)
            case End():
                for run in runs:
                    _end(run, "finished", None)
            case Jump(to=to):
                _go(runs, to)
            case Check(rule=rule, otherwise=otherwise):
                await self._branch(rule, otherwise, runs)
            case _:
                await self._act(spec, op, runs)
                for run in runs:
                    run.step += 1

    def _wait(self, wait: Wait, runs: Sequence[Run]) -> None:
        due = due_after(wait, self.now, read_limits(self.work.content.limits).quiet_hours)
        for run in runs:
            run.step, run.due_at, run.awaits = run.step + 1, due, wait.until

    async def _branch(self, rule: dict[str, Any], otherwise: int, runs: Sequence[Run]) -> None:
        ids = {run.customer_id for run in runs}
        fitting = await journeys.matching(self.session, rule, ids, self.now)
        for run in runs:
            run.step = run.step + 1 if run.customer_id in fitting else otherwise

    async def _act(self, spec: PlaybookSpec, op: Op, runs: Sequence[Run]) -> None:
        match op:
            case Message():
                await self._message(runs, op.template, op.offer)
            case TagStep():
                await self._tag(spec, op, runs)
            case Invite():
                await self._invite(op, runs)
            case AskGuide():
                await self._ask_guides(op, runs)

    async def _message(self, runs: Sequence[Run], template: str, offer: str | None = None) -> None:
        if template not in self.work.content.templates:
            return  # an older version may speak of a text that is gone; the run goes on without it
        plans: list[Plan] = [
            {
                "customer_id": run.customer_id,
                "template": template,
                "purpose": self.work.content.template(template).purpose,
                "due_at": self.now,
                "run_id": run.id,
                "step": str(run.step),
                "offer_key": offer,
            }
            for run in runs
        ]
        await touches.plan(self.session, plans, self.now)

    async def _tag(self, spec: PlaybookSpec, op: TagStep, runs: Sequence[Run]) -> None:
        until = self.now + timedelta(days=op.days) if op.days else None
        for run in runs:
            for tag in op.add:
                await tags.put(
                    self.session,
                    customer_id=run.customer_id,
                    tag=tag,
                    source="rule",
                    evidence={"playbook": spec.key, "run": run.id},
                    now=self.now,
                    expires_at=until,
                )
            for tag in op.remove:
                await tags.take(self.session, customer_id=run.customer_id, tag=tag)

    async def _invite(self, op: Invite, runs: Sequence[Run]) -> None:
        """The family's own invitations write to her; whoever may not be asked goes on without one."""
        rule = await group_chats.rule_of(self.session, op.group)
        if rule is None or await group_chats.open_code(self.session, rule) is None:
            return
        midnight, _ = read_limits(self.work.content.limits).day_of(self.now)
        ids = {run.customer_id for run in runs}
        await invites.choose(
            self.session, rule, self.now, since=midnight, at_most=len(ids), only=ids
        )

    async def _ask_guides(self, op: AskGuide, runs: Sequence[Run]) -> None:
        ids = [run.customer_id for run in runs]
        guides = await facts.guides_of(self.session, ids)
        known = await facts.gather(self.session, self.work.vault, self.work.content, ids, self.now)
        goods = await self._goods(op.words, runs)
        for run in runs:
            if guide := guides.get(run.customer_id):
                await guide_tasks.ask(
                    self.session,
                    self.work.vault,
                    key=f"run:{run.id}:{run.step}",
                    guide_id=guide.id,
                    customer_id=run.customer_id,
                    kind=op.kind,
                    why=op.why,
                    words=self._words(op.words, known[run.customer_id] | goods.get(run.id, {})),
                    due_at=self.now + timedelta(days=op.due_days),
                    now=self.now,
                )

    async def _goods(
        self, template: str | None, runs: Sequence[Run]
    ) -> Mapping[int, dict[str, Any]]:
        """The thing that a run is about, where the guide's words name it."""
        if not speaks_of(self.work.content, template, {MATCH}):
            return {}
        return await browsing.of_runs(self.session, {run.id for run in runs})

    def _words(self, template: str | None, told: dict[str, Any]) -> str | None:
        if template is None or template not in self.work.content.templates:
            return None
        try:
            return self.work.content.render(template, told, told.get("tier"))
        except Refusal:
            return None


def _by_step(runs: Sequence[Run], now: datetime) -> dict[int, list[Run]]:
    """Who can go on now, by where she stands."""
    here: defaultdict[int, list[Run]] = defaultdict(list)
    for run in runs:
        if run.state == "active" and run.due_at is not None and run.due_at <= now:
            here[run.step].append(run)
    return dict(here)


def _go(runs: Sequence[Run], to: int) -> None:
    for run in runs:
        run.step = to


def _end(run: Run, state: str, reason: str | None) -> None:
    run.state, run.reason, run.due_at, run.awaits = state, reason, None, None
