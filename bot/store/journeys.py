"""Playbooks as published, and the runs of customers through them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Select,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.experiments import in_holdout
from bot.domain.journeys import Playbook, Run, may_enter_again
from bot.domain.playbooks import PlaybookSpec, read_published
from bot.domain.segments import parse
from bot.store import segments
from bot.store.adding import add_new
from bot.store.bulk import among
from bot.store.engine import dialect_of
from bot.store.journey_waits import wake
from bot.store.playbooks import Told
from bot.store.together import together


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
    return await together(
        session, _enter, _Entry(trigger, customer_id, cause, now, dict(facts or {}))
    )


class _Entry(NamedTuple):
    """Something that begins journeys for her."""

    trigger: str
    customer_id: int
    cause: str
    now: datetime
    facts: dict[str, Any]


class _Offered(NamedTuple):
    """A version that counts now."""

    key: str
    version: int
    spec: PlaybookSpec


async def _enter(session: AsyncSession, entries: Sequence[_Entry]) -> list[int]:
    offers = await _open_to(session, await _offers(session, entries))
    runs = [
        _run(offered, entry)
        for offered, those in offers
        for entry in await _fitting(session, offered.spec, those)
    ]
    if not runs:
        return [0] * len(entries)
    told = ("customer_id", "entry", "state")
    began = await add_new(session, Run, runs, returning=told)
    active = Counter((whose, cause) for whose, cause, state in began if state == "active")
    return [active[entry.customer_id, entry.cause] for entry in entries]


_Offers = Sequence[tuple[_Offered, Sequence[_Entry]]]


async def _offers(session: AsyncSession, entries: Sequence[_Entry]) -> _Offers:
    """What each of their triggers may begin."""
    by_trigger: dict[str, list[_Entry]] = {}
    for entry in entries:
        by_trigger.setdefault(entry.trigger, []).append(entry)
    return [
        (offered, those)
        for trigger, those in by_trigger.items()
        for offered in await _offered(session, trigger)
        if offered.spec.steps
    ]


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


@cache
def _earlier(dialect: str) -> Select[int, str, datetime, int]:
    last, active = func.max(Run.entered_at), func.count().filter(Run.state == "active")
    theirs, these = among(dialect, Run.customer_id, "whose"), among(dialect, Run.playbook, "which")
    who = (Run.customer_id, Run.playbook)
    return select(*who, last, active).where(theirs, these).group_by(*who)


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


async def _open_to(session: AsyncSession, offers: _Offers) -> _Offers:
    """Those that they are not on and may enter (again)."""
    if not offers:
        return []
    whose = {entry.customer_id for _, those in offers for entry in those}
    asked = {"whose": sorted(whose), "which": sorted({each.key for each, _ in offers})}
    rows = await session.execute(_earlier(dialect_of(session)), asked)
    theirs = {(whose, key): (last, under_way) for whose, key, last, under_way in rows}

    def is_open(offered: _Offered, entry: _Entry) -> bool:
        last, under_way = theirs.get((entry.customer_id, offered.key), (None, 0))
        return not under_way and may_enter_again(offered.spec.entry.again, last, entry.now)

    return [(each, [one for one in those if is_open(each, one)]) for each, those in offers]


async def _fitting(
    session: AsyncSession, spec: PlaybookSpec, entries: Sequence[_Entry]
) -> Sequence[_Entry]:
    rule = spec.entry.segment
    if not entries or not isinstance(rule, dict):
        return entries
    fit = await segments.matching(
        session, parse(rule), {entry.customer_id for entry in entries}, entries[0].now
    )
    return [entry for entry in entries if entry.customer_id in fit]


def _run(offered: _Offered, entry: _Entry) -> dict[str, Any]:
    percent = offered.spec.holdout_percent
    held = in_holdout(f"journey:{offered.key}", entry.customer_id, percent)
    return {
        "playbook": offered.key,
        "version": offered.version,
        "customer_id": entry.customer_id,
        "entry": entry.cause,
        "step": 0,
        "state": "holdout" if held else "active",
        "reason": "holdout" if held else None,
        "due_at": None if held else entry.now,
        "entered_at": entry.now,
        "facts": entry.facts,
    }


async def leave(session: AsyncSession, customer_id: int, *, reason: str) -> int:
    """She leaves every journey she is on; how many."""
    hers = (Run.customer_id == customer_id, Run.state == "active")
    left = await session.scalars(
        update(Run).where(*hers).values(state="left", reason=reason, due_at=None).returning(Run.id)
    )
    return len(left.all())
