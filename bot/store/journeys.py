"""Playbooks as published, and the runs of customers through them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    bindparam,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.experiments import in_holdout
from bot.domain.journeys import Playbook, Run, may_enter_again
from bot.domain.playbooks import PlaybookSpec, read_published
from bot.domain.segments import parse
from bot.store import segments
from bot.store.engine import dialect_of, table_of, upsert, upsert_in
from bot.store.journey_waits import wake
from bot.store.playbooks import Told

AT_ONCE = 500


def read(row: Playbook) -> PlaybookSpec:
    return read_published(row.digest, json.dumps(row.body, ensure_ascii=False))


async def published(session: AsyncSession, key: str) -> PlaybookSpec | None:
    """The version that counts now; None while it is paused."""
    digest = (await session.scalars(_COUNTS_NOW, {"named": key})).first()
    if digest is None:
        return None
    if digest not in _BODIES:
        _remember(await session.scalars(select(Playbook).where(Playbook.digest == digest)))
    return _BODIES[digest]


async def all_published(session: AsyncSession, trigger: str | None = None) -> list[Playbook]:
    """Of one trigger, or all of them."""
    query = select(Playbook).where(Playbook.state == "published").order_by(Playbook.key)
    if trigger is not None:
        query = query.where(Playbook.trigger.in_({trigger, trigger.split(":")[0]}))
    return list(await session.scalars(query))


async def versions(
    session: AsyncSession, wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], PlaybookSpec]:
    """The versions that runs are on, whether they still count or not."""
    asked = await session.execute(_VERSIONS, {"keys": sorted({key for key, _ in wanted})})
    digests = {(key, version): digest for key, version, digest in asked}
    if any(digests[one] not in _BODIES for one in wanted):
        of_these = Playbook.key.in_({key for key, _ in wanted})
        _remember(await session.scalars(select(Playbook).where(of_these)))
    return {one: _BODIES[digests[one]] for one in wanted}


async def enter(
    session: AsyncSession,
    content: Told,
    *,
    trigger: str,
    customer_id: int,
    cause: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Start every journey that this event begins for her; how many she entered."""
    await wake(
        session, content.playbooks.values(), trigger=trigger, customer_id=customer_id, now=now
    )
    offered = [each for each in await _offered(session, trigger) if each.spec.steps]
    open_to_her = await _open_to(session, offered, customer_id, now)
    runs = [
        _run(each, customer_id, cause, now, facts=facts)
        for each in open_to_her
        if await _fits(session, each.spec, customer_id, now)
    ]
    if not runs:
        return 0
    began = await session.execute(_starting(dialect_of(session)), runs)
    return sum(state == "active" for (state,) in began)


class _Offered(NamedTuple):
    """A version that counts now."""

    key: str
    version: int
    spec: PlaybookSpec


# An event asks for these once or several times: they are built once, and a body is read once per process.
_OFFERS = (
    select(Playbook.key, Playbook.version, Playbook.digest)
    .where(
        Playbook.state == "published", Playbook.trigger.in_(bindparam("triggers", expanding=True))
    )
    .order_by(Playbook.key)
)
_COUNTS_NOW = select(Playbook.digest).where(
    Playbook.key == bindparam("named"), Playbook.state == "published"
)
_EARLIER = (
    select(Run.playbook, func.max(Run.entered_at), func.count().filter(Run.state == "active"))
    .where(Run.customer_id == bindparam("whose"))
    .where(Run.playbook.in_(bindparam("which", expanding=True)))
    .group_by(Run.playbook)
)
_VERSIONS = select(Playbook.key, Playbook.version, Playbook.digest).where(
    Playbook.key.in_(bindparam("keys", expanding=True))
)
_BODIES: dict[str, PlaybookSpec] = {}
_MOST_BODIES = 1_000


def _remember(playbooks: Iterable[Playbook]) -> None:
    if len(_BODIES) > _MOST_BODIES:
        _BODIES.clear()
    for playbook in playbooks:
        _BODIES[playbook.digest] = read(playbook)


async def _offered(session: AsyncSession, trigger: str) -> list[_Offered]:
    triggers = {trigger, trigger.partition(":")[0]}
    rows = (await session.execute(_OFFERS, {"triggers": sorted(triggers)})).all()
    if any(row.digest not in _BODIES for row in rows):
        _remember(await all_published(session, trigger))
    return [_Offered(row.key, row.version, _BODIES[row.digest]) for row in rows]


async def _open_to(
    session: AsyncSession, offered: Sequence[_Offered], customer_id: int, now: datetime
) -> list[_Offered]:
    """Those that she is not on and may enter (again)."""
    if not offered:
        return []
    asked = {"whose": customer_id, "which": [each.key for each in offered]}
    rows = await session.execute(_EARLIER, asked)
    hers = {key: (last, under_way) for key, last, under_way in rows}
    found = []
    for each in offered:
        last, under_way = hers.get(each.key, (None, 0))
        if not under_way and may_enter_again(each.spec.entry.again, last, now):
            found.append(each)
    return found


async def _fits(
    session: AsyncSession, spec: PlaybookSpec, customer_id: int, now: datetime
) -> bool:
    rule = spec.entry.segment
    if not isinstance(rule, dict):
        return True
    return await segments.matches(session, parse(rule), customer_id, now)


def _run(
    offered: _Offered,
    customer_id: int,
    cause: str,
    now: datetime,
    *,
    facts: Mapping[str, Any] | None,
) -> dict[str, Any]:
    held = in_holdout(f"journey:{offered.key}", customer_id, offered.spec.holdout_percent)
    return {
        "playbook": offered.key,
        "version": offered.version,
        "customer_id": customer_id,
        "entry": cause,
        "step": 0,
        "state": "holdout" if held else "active",
        "reason": "holdout" if held else None,
        "due_at": None if held else now,
        "entered_at": now,
        "facts": dict(facts or {}),
    }


@lru_cache
def _starting(dialect: str) -> Executable:
    run = table_of(Run)
    insert = upsert_in(dialect, run).on_conflict_do_nothing().returning(run.c.state)
    starting: Executable = insert
    return starting


async def enter_set(
    session: AsyncSession,
    row: Playbook,
    *,
    who: Select[*tuple[Any, ...]],
    now: datetime,
) -> int:
    """Start one journey for everybody of `who`, a select of (customer id, cause), in one statement."""
    spec, asked = read(row), who.subquery()
    customer, cause = list(asked.c)
    chosen = select(
        literal(row.key),
        literal(row.version),
        customer,
        cause,
        literal(0),
        literal("active"),
        _at(now),
        _at(now),
        _nothing(),
    ).where(
        customer.in_(select(Customer.id).where(_entry_clause(spec, now))),
        *_outside(spec, customer, now),
    )
    columns = [
        "playbook",
        "version",
        "customer_id",
        "entry",
        "step",
        "state",
        "due_at",
        "entered_at",
        "facts",
    ]
    insert = upsert(session, Run).from_select(columns, chosen)
    new = await session.execute(insert.on_conflict_do_nothing().returning(Run.id, Run.customer_id))
    return await _hold_out(session, spec, new.all())


def _at(now: datetime) -> ColumnElement[Any]:
    return literal(now, Run.entered_at.type)


def _nothing() -> ColumnElement[Any]:
    return literal({}, Run.facts.type)


def _entry_clause(spec: PlaybookSpec, now: datetime) -> ColumnElement[bool]:
    rule = spec.entry.segment if isinstance(spec.entry.segment, dict) else {"all": []}
    return segments.clause(parse(rule), now)


def _outside(spec: PlaybookSpec, customer: Any, now: datetime) -> list[ColumnElement[bool]]:
    hers = (Run.playbook == spec.key, Run.customer_id == customer)
    if spec.entry.again == "each_cause":
        return [~exists().where(*hers, Run.state == "active")]
    if spec.entry.again == "never":
        return [~exists().where(*hers)]
    since = now - timedelta(days=int(spec.entry.again))
    return [~exists().where(*hers, (Run.state == "active") | (Run.entered_at > since))]


async def _hold_out(
    session: AsyncSession, spec: PlaybookSpec, entered: Sequence[tuple[int, int]]
) -> int:
    held = [
        run
        for run, customer in entered
        if in_holdout(f"journey:{spec.key}", customer, spec.holdout_percent)
    ]
    for start in range(0, len(held), AT_ONCE):
        these = Run.id.in_(held[start : start + AT_ONCE])
        await session.execute(
            update(Run).where(these).values(state="holdout", reason="holdout", due_at=None)
        )
    return len(entered) - len(held)


async def leave(session: AsyncSession, customer_id: int, *, reason: str) -> int:
    """She leaves every journey she is on; how many."""
    hers = (Run.customer_id == customer_id, Run.state == "active")
    left = await session.scalars(
        update(Run).where(*hers).values(state="left", reason=reason, due_at=None).returning(Run.id)
    )
    return len(left.all())
