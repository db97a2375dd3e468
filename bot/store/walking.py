"""Runs whose step has come, by the thousand: taken, looked at and moved on in sets, never as one object each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Executable, Select, bindparam, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.customers import Customer
from bot.domain.journeys import Playbook, Run
from bot.domain.mapping import Moment
from bot.domain.segments import parse
from bot.store import segments
from bot.store.bulk import among
from bot.store.engine import dialect_of, rows, table_of, upsert_in


class Walker(NamedTuple):
    """One run whose next step has come."""

    id: int
    customer_id: int
    playbook: str
    version: int
    step: int


# Asked all day: built once.


@cache
def _due() -> Select[*tuple[Any, ...]]:
    paused = select(Playbook.key).where(Playbook.state == "paused")
    moment = bindparam("now", type_=Moment)
    return (
        select(Run.id, Run.customer_id, Run.playbook, Run.version, Run.step)
        .where(Run.state == "active", Run.due_at <= moment, Run.playbook.not_in(paused))
        # Of one moment in any order: by their ids too, all of them would be sorted for each few.
        .order_by(Run.due_at)
        .limit(bindparam("at_most"))
        .with_for_update(skip_locked=True)
    )


@cache
def _moving(dialect: str, names: frozenset[str]) -> Executable:
    run = table_of(Run)
    new = {name: bindparam(f"new_{name}", type_=run.c[name].type) for name in names}
    return update(run).where(among(dialect, run.c.id, "ids")).values(new)


@cache
def _planning(dialect: str) -> Executable:
    touch, run = table_of(Touch), table_of(Run)
    told = ("template", "purpose", "due_at", "planned_at", "step", "offer_key")
    columns: dict[str, Any] = {name: bindparam(name, type_=touch.c[name].type) for name in told}
    columns |= {"customer_id": run.c.customer_id, "run_id": run.c.id}
    columns |= {"state": literal("planned"), "attempts": literal(0)}
    theirs = select(*columns.values()).where(among(dialect, run.c.id, "ids"))
    planning: Executable = (
        upsert_in(dialect, touch).from_select(list(columns), theirs).on_conflict_do_nothing()
    )
    return planning


async def claim_due(session: AsyncSession, *, now: datetime, limit: int) -> list[Walker]:
    """Runs whose next step has come, locked for this transaction; those of paused playbooks wait."""
    due = await rows(session, _due(), {"now": now, "at_most": limit})
    return sorted((Walker(*row) for row in due), key=lambda walker: walker.id)


async def move(session: AsyncSession, runs: Sequence[Walker], values: Mapping[str, Any]) -> None:
    """All of these to one place."""
    new = {f"new_{name}": value for name, value in values.items()}
    ids = [run.id for run in runs]
    await session.execute(_moving(dialect_of(session), frozenset(values)), new | {"ids": ids})


async def plan(session: AsyncSession, runs: Sequence[Walker], **message: Any) -> None:
    """One message to each of these: template, purpose, step, offer_key, and `due_at`."""
    bound = {"ids": [run.id for run in runs], "planned_at": message["due_at"]}
    await session.execute(_planning(dialect_of(session)), bound | message)


async def matching(
    session: AsyncSession, rule: Mapping[str, Any], customer_ids: Collection[int], now: datetime
) -> set[int]:
    """Which of these customers a rule fits."""
    hers = among(dialect_of(session), Customer.id, "ids")
    query = select(Customer.id).where(hers, segments.clause(parse(rule), now))
    return {who for (who,) in await rows(session, query, {"ids": sorted(customer_ids)})}
