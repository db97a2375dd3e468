"""Runs walk on: due steps of many customers at once, each step a few statements over all who reached it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.browsing import MATCH
from bot.domain.journeys import due_after
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
from bot.store import (
    browsing,
    facts,
    group_chats,
    guide_tasks,
    invites,
    journeys,
    tags,
    touches,
    walking,
)
from bot.store.together import side_by_side
from bot.store.walking import Walker
from bot.work.context import Work

AT_ONCE = 5_000
FEW = 200
"""Whoever comes to a step that is done for each customer by herself: nobody may wait long for such a transaction."""
ROUNDS = 64
"""No playbook has more steps between two waits; a circle of jumps would otherwise never end."""
ONE_BY_ONE = (AskGuide, TagStep)
ENDED: Mapping[str, None] = {"due_at": None, "awaits": None}
Onward = Iterable[tuple[int, Sequence[Walker]]]
"""Who goes on at once, and at which step."""


async def advance_due(work: Work) -> int:
    """Take every run whose step has come as far as it goes today; how many runs moved."""
    moved = 0
    while True:
        async with work.sessions.begin() as session:
            due = await walking.claim_due(session, now=work.now(), limit=AT_ONCE)
            taken = await _Walk(session, work, work.now()).take(due)
        moved += taken
        if taken == len(due) < AT_ONCE:
            return moved


@dataclass(slots=True)
class _Walk:
    """One batch of runs in one transaction."""

    session: AsyncSession
    work: Work
    now: datetime
    became: dict[tuple[tuple[str, Any], ...], list[Walker]] = field(default_factory=dict)
    """Where runs come to rest, and which: written together at the end."""

    async def take(self, due: Sequence[Walker]) -> int:
        """Those of few are left for the next batch; how many were taken."""
        if not due:
            return 0
        versions = defaultdict(list)
        for run in due:
            versions[run.playbook, run.version].append(run)
        specs = await journeys.versions(self.session, versions)
        taken = 0
        for key, spec in specs.items():
            runs = list(_in_time(program(spec), versions[key]))
            taken += len(runs)
            await self._walk(spec, runs)
        for place, runs in self.became.items():
            await walking.move(self.session, runs, dict(place))
        return taken

    async def _walk(self, spec: PlaybookSpec, runs: Sequence[Walker]) -> None:
        here = _by_step(await self._let_go(spec, runs))
        ops = program(spec)
        for _ in range(ROUNDS):
            onward: defaultdict[int, list[Walker]] = defaultdict(list)
            for step, group in here.items():
                op = ops[step] if step < len(ops) else End()
                for to, some in await self._perform(spec, op, step, group):
                    if some:
                        onward[to] += some
            here = onward
        for step, group in here.items():
            self._rest(group, step=step)

    def _rest(self, runs: Sequence[Walker], **place: Any) -> None:
        self.became.setdefault(tuple(place.items()), []).extend(runs)

    async def _let_go(self, spec: PlaybookSpec, runs: Sequence[Walker]) -> Sequence[Walker]:
        """Those who stay."""
        if (leaves := spec.gone) is None:
            return runs
        gone = await self._fitting(leaves, runs)
        leaving = [run for run in runs if run.customer_id in gone]
        if leaving:
            self._rest(leaving, **ENDED, state="left", reason="left_journey")
            ids = [run.id for run in leaving]
            await touches.cancel_of_runs(self.session, ids, reason="left_journey", now=self.now)
        return [run for run in runs if run.customer_id not in gone]

    async def _perform(
        self, spec: PlaybookSpec, op: Op, step: int, runs: Sequence[Walker]
    ) -> Onward:
        match op:
            case Wait():
                return self._wait(op, step, runs)
            case End():
                self._rest(runs, **ENDED, state="finished", reason=None, step=step)
                return ()
            case Jump(to=to):
                return ((to, runs),)
            case Check(rule=rule, otherwise=otherwise):
                fitting = await self._fitting(rule, runs)
                then = [run for run in runs if run.customer_id in fitting]
                others = [run for run in runs if run.customer_id not in fitting]
                return (step + 1, then), (otherwise, others)
        await self._act(spec, op, step, runs)
        return ((step + 1, runs),)

    def _wait(self, wait: Wait, step: int, runs: Sequence[Walker]) -> Onward:
        due = due_after(wait, self.now, read_limits(self.work.content.limits).quiet_hours)
        if due <= self.now:
            return ((step + 1, runs),)
        self._rest(runs, step=step + 1, due_at=due, awaits=wait.until)
        return ()

    async def _fitting(self, rule: Mapping[str, Any], runs: Sequence[Walker]) -> set[int]:
        ids = {run.customer_id for run in runs}
        return await walking.matching(self.session, rule, ids, self.now) if ids else set()

    async def _act(self, spec: PlaybookSpec, op: Op, step: int, runs: Sequence[Walker]) -> None:
        match op:
            case Message():
                await self._message(op, step, runs)
            case TagStep():
                await self._tag(spec, op, runs)
            case Invite():
                await self._invite(op, runs)
            case AskGuide():
                await self._ask_guides(op, step, runs)

    async def _message(self, message: Message, step: int, runs: Sequence[Walker]) -> None:
        content = self.work.content
        if message.template not in content.templates:
            return  # an older version may speak of a text that is gone; the run goes on without it
        await walking.plan(
            self.session,
            runs,
            template=message.template,
            purpose=content.template(message.template).purpose,
            due_at=self.now,
            step=str(step),
            offer_key=message.offer,
        )

    async def _tag(self, spec: PlaybookSpec, op: TagStep, runs: Sequence[Walker]) -> None:
        await side_by_side(self.session, [self._tag_one(spec, op, run) for run in runs])

    async def _tag_one(self, spec: PlaybookSpec, op: TagStep, run: Walker) -> None:
        for tag in op.add:
            await tags.put(
                self.session,
                customer_id=run.customer_id,
                tag=tag,
                source="rule",
                evidence={"playbook": spec.key, "run": run.id},
                now=self.now,
                expires_at=self.now + timedelta(days=op.days) if op.days else None,
            )
        for tag in op.remove:
            await tags.take(self.session, customer_id=run.customer_id, tag=tag)

    async def _invite(self, op: Invite, runs: Sequence[Walker]) -> None:
        """The family's own invitations write to her; whoever may not be asked goes on without one."""
        midnight, _ = read_limits(self.work.content.limits).day_of(self.now)
        ids = {run.customer_id for run in runs}
        for rule in await group_chats.family(self.session, op.group):
            if await group_chats.open_code(self.session, rule) is not None:
                await invites.choose(
                    self.session, rule, self.now, since=midnight, at_most=len(ids), only=ids
                )

    async def _ask_guides(self, op: AskGuide, step: int, runs: Sequence[Walker]) -> None:
        ids = [run.customer_id for run in runs]
        guides = await facts.guides_of(self.session, ids)
        known = await facts.gather(self.session, self.work.vault, self.work.content, ids, self.now)
        goods = await self._goods(op.words, runs)
        for run in runs:
            if guide := guides.get(run.customer_id):
                await guide_tasks.ask(
                    self.session,
                    self.work.vault,
                    key=f"run:{run.id}:{step}",
                    guide_id=guide.id,
                    customer_id=run.customer_id,
                    kind=op.kind,
                    why=op.why,
                    words=self._words(op.words, known[run.customer_id] | goods.get(run.id, {})),
                    due_at=self.now + timedelta(days=op.due_days),
                    now=self.now,
                )

    async def _goods(
        self, template: str | None, runs: Sequence[Walker]
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


def _in_time(ops: Sequence[Op], runs: Sequence[Walker]) -> Iterator[Walker]:
    """Those of whom one transaction makes short work."""
    for step, group in _by_step(runs).items():
        yield from group[:FEW] if _is_slow(ops, step) else group


def _is_slow(ops: Sequence[Op], step: int) -> bool:
    for op in ops[step:]:
        match op:
            case Wait():
                return False
            case Check() | Jump():
                return any(isinstance(one, ONE_BY_ONE) for one in ops)
            case _ if isinstance(op, ONE_BY_ONE):
                return True
    return False


def _by_step(runs: Sequence[Walker]) -> dict[int, list[Walker]]:
    """By where she stands."""
    here: defaultdict[int, list[Walker]] = defaultdict(list)
    for run in runs:
        here[run.step].append(run)
    return here
