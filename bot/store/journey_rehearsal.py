"""A journey rehearsed over a past year: its causes are counted by statements over everybody, its steps are walked by a
sample of them, many at once. Nothing is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.experiments import in_holdout
from bot.domain.journey_rehearsal import Meant, Rehearsal, Tried, gated, kept
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
from bot.domain.quotas import Limits
from bot.domain.refusals import Refusal
from bot.store import journey_past, walking
from bot.tongue import _

SAMPLE = 5_000
ROUNDS = 200
ACTS: dict[type[Any], str] = {AskGuide: "guide_task", Invite: "invite", TagStep: "tag"}


class Told(Protocol):
    @property
    def limits(self) -> Limits: ...

    @property
    def templates(self) -> Mapping[str, Any]: ...


async def rehearse(
    session: AsyncSession,
    content: Told,
    spec: PlaybookSpec,
    *,
    since: datetime,
    until: datetime,
    sample: int = SAMPLE,
) -> Rehearsal:
    """What it would have done between these moments. Raises Refusal no_past when nothing tells."""
    if not spec.steps:
        why = _("「%(name)s」没有步骤，用「活动」的预演", name=spec.name)
        raise Refusal("no_past", why, status=422)
    done = Rehearsal(name=spec.name, since=since, until=until)
    done.causes, done.people = await journey_past.counted(session, spec, since, until)
    every = max(1, -(-done.people // sample))
    done.share = 1 / every
    came = await journey_past.causes(session, spec, since, until, every=every)
    runs = [Tried(who, at, at) for who, at in came]
    await _Walk(session, content, spec, until).walk(runs)
    await _sum_up(session, content, spec, done, kept(runs, spec.entry.again), every)
    return done


async def _sum_up(
    session: AsyncSession,
    content: Told,
    spec: PlaybookSpec,
    done: Rehearsal,
    runs: Sequence[Tried],
    every: int,
) -> None:
    seed = f"journey:{spec.key}"
    going = [run for run in runs if not in_holdout(seed, run.customer_id, spec.holdout_percent)]
    done.entered, done.held = len(going), len(runs) - len(going)
    received = await journey_past.received(
        session, spec, done.since, done.until, every=every, limits=content.limits
    )
    agreed = await journey_past.agreed(session, every)
    sent, done.kept_back = gated(going, agreed=agreed, had=received, limits=content.limits)
    done.sent = Counter(one.template for one in sent)
    done.acts = sum((run.acts for run in going), Counter())
    done.ends = Counter(run.ended or "active" for run in going)
    done.offers = Counter(one.offer for one in sent if one.offer)
    worth = await journey_past.worth(session, set(done.offers))
    for key, number in done.offers.items():
        fen, used = worth.get(key, (0, 0.0))
        done.cost_fen += fen * number
        done.likely_fen += round(fen * number * used)


@dataclass(frozen=True, slots=True)
class _Walk:
    session: AsyncSession
    content: Told
    spec: PlaybookSpec
    until: datetime

    async def walk(self, runs: Sequence[Tried]) -> None:
        """All of them step by step; who would be under way still at the end stays so."""
        ops = program(self.spec)
        for _round in range(ROUNDS):
            here: defaultdict[int, list[Tried]] = defaultdict(list)
            for run in runs:
                if run.ended is None and run.at < self.until:
                    here[run.step].append(run)
            if not here:
                return
            for step, some in here.items():
                await self._perform(ops[step], await self._staying(some))

    async def _staying(self, runs: Sequence[Tried]) -> list[Tried]:
        if (leaves := self.spec.gone) is None:
            return list(runs)
        gone = await self._fitting(leaves, runs)
        for run in runs:
            if id(run) in gone:
                run.ended = "left"
        return [run for run in runs if id(run) not in gone]

    async def _perform(self, op: Op, runs: Sequence[Tried]) -> None:
        if isinstance(op, Check):
            fitting = await self._fitting(op.rule, runs)
            for run in runs:
                run.step = run.step + 1 if id(run) in fitting else op.otherwise
            return
        for run in runs:
            self._go(op, run)

    def _go(self, op: Op, run: Tried) -> None:
        run.step += 1
        match op:
            case Wait():
                run.at = due_after(op, run.at, self.content.limits.quiet_hours)
            case Message():
                self._say(op, run)
            case End():
                run.ended = "finished"
            case Jump(to=to):
                run.step = to
            case _:
                run.acts[ACTS[type(op)]] += 1

    def _say(self, op: Message, run: Tried) -> None:
        known = self.content.templates.get(op.template)
        if known is not None:
            marketing = known.purpose == "marketing"
            run.messages.append(Meant(run.at, op.template, marketing, op.offer))

    async def _fitting(self, rule: Mapping[str, Any], runs: Sequence[Tried]) -> set[int]:
        """A month at a time: rules count back from then."""
        months: defaultdict[tuple[int, int], list[Tried]] = defaultdict(list)
        for run in runs:
            months[run.at.year, run.at.month].append(run)
        found: set[int] = set()
        for some in months.values():
            at = max(run.at for run in some)
            ids = {run.customer_id for run in some}
            fit = await walking.matching(self.session, rule, ids, at)
            found |= {id(run) for run in some if run.customer_id in fit}
        return found
