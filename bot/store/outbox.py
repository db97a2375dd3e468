"""Debts: calls that must be made. Put in with the change that causes them, claimed with a lease and a fence."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Required, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Executable,
    Select,
    and_,
    bindparam,
    case,
    func,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot import calls
from bot.domain.delivery import Owed
from bot.domain.mapping import Moment
from bot.store import bulk
from bot.store.adding import add_new, turned
from bot.store.engine import dialect_of, table_of
from bot.store.together import together
from bot.store.vault import Vault

ABOUT = "outbox.body"
LANES = ("express", "bulk", "alone")
SUSPECT = 2
"""So many deaths of those who had it in hand, and a debt may be what killed them: it goes alone."""
UNDER_WAY = "in_flight"
"""The reason of a debt whose call is being made."""


class Terms(TypedDict, total=False):
    """When, in which lane and for whom a call is made; bulk, now and as a service unless said."""

    lane: str
    purpose: str
    customer_id: int | None
    touch_id: int | None
    mass_task_id: int | None
    due_at: datetime
    expires_at: datetime | None


class Effect(Terms):
    """The terms of one of many debts, with the name of what it is for."""

    effect: Required[str]


Debt = tuple[calls.Call, Effect]


class Claimed(NamedTuple):
    """A debt in somebody's hands, as it was claimed."""

    id: int
    effect: str
    lane: str
    kind: str
    body: bytes
    customer_id: int | None
    touch_id: int | None
    mass_task_id: int | None
    purpose: str
    created_at: datetime
    due_at: datetime
    expires_at: datetime | None
    owner: str
    fence: int
    lease_until: float
    attempts: int
    crashes: int
    reason: str | None


# The sender runs these all day: they are built once, not at every turn.


def _taking(free: ColumnElement[bool]) -> Executable:
    debt = table_of(Owed)
    ids = (
        select(debt.c.id)
        .where(free)
        .order_by(debt.c.due_at, debt.c.id)
        .limit(bindparam("at_most"))
        .with_for_update(skip_locked=True)
    )
    taking: Executable = (
        update(debt)
        .where(debt.c.id.in_(ids))
        .values(
            state="claimed",
            owner=bindparam("taker"),
            fence=debt.c.fence + 1,
            lease_until=bindparam("until_real"),
            attempts=debt.c.attempts + 1,
            crashes=debt.c.crashes + case((debt.c.state == "claimed", 1), else_=0),
        )
        .returning(*(debt.c[name] for name in Claimed._fields))
    )
    return taking


def _due(lane: str) -> ColumnElement[bool]:
    now = bindparam("at_moment", type_=Moment)
    return and_(Owed.state == "owed", Owed.lane == lane, Owed.due_at <= now)


_OF_THE_DEAD = and_(Owed.state == "claimed", Owed.lease_until < bindparam("at_real"))
# One after the other, so that each is read in the order of its index and no further than it is needed.
_TAKE = tuple(_taking(free) for free in (_due("express"), _OF_THE_DEAD, _due("bulk")))
_TAKE_ALONE = _taking(_due("alone"))


@lru_cache
def _writing(dialect: str, names: frozenset[str]) -> Executable:
    """Into those of these debts that are still this owner's by this fence; their ids come back."""
    debt = table_of(Owed)
    writing: Executable = (
        update(debt)
        .where(
            bulk.among(dialect, debt.c.id, "its_ids"),
            debt.c.state == "claimed",
            debt.c.owner == bindparam("its_owner"),
            debt.c.fence == bindparam("its_fence"),
        )
        .values({name: bindparam(f"new_{name}", type_=debt.c[name].type) for name in names})
        .returning(debt.c.id)
    )
    return writing


async def owe(
    session: AsyncSession,
    vault: Vault,
    call: calls.Call,
    *,
    effect: str,
    now: datetime,
    **terms: Unpack[Terms],
) -> int | None:
    """Put one call in debt; None when the same effect is owed already."""
    return await together(session, _owe, _row(vault, call, effect, now) | _NOTHING | terms)


async def _owe(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
    ids = dict(await add_new(session, Owed, rows, returning=("effect", "id")))
    return [ids.pop(row["effect"], None) for row in rows]


_NOTHING: Terms = {"customer_id": None, "touch_id": None, "mass_task_id": None, "expires_at": None}


async def owe_many(
    session: AsyncSession, vault: Vault, debts: Sequence[Debt], *, now: datetime
) -> None:
    """Put many calls in debt, all with the same terms; those whose effect is owed already stay as they are."""
    rows = [_row(vault, call, terms["effect"], now) | terms for call, terms in debts]
    if rows:
        await bulk.append(session, Owed, turned(rows))


def _row(vault: Vault, call: calls.Call, effect: str, now: datetime) -> dict[str, Any]:
    written = json.dumps(calls.dump(call), ensure_ascii=False)
    return {
        "effect": effect,
        "kind": calls.kind_of(call),
        "body": vault.seal(written, about=ABOUT),
        "state": "owed",
        "created_at": now,
        "fence": 0,
        "attempts": 0,
        "crashes": 0,
        "lane": "bulk",
        "purpose": "service",
        "due_at": now,
    }


async def already_owed(session: AsyncSession, effects: Collection[str]) -> set[str]:
    """Which of these effects were ever owed, paid or not."""
    return set(await session.scalars(select(Owed.effect).where(Owed.effect.in_(effects))))


def open_call(vault: Vault, owed: Claimed) -> calls.Call:
    return calls.load(json.loads(vault.unseal(owed.body, about=ABOUT)))


async def claim(
    session: AsyncSession, *, owner: str, now: datetime, real: float, lease: float, limit: int
) -> list[Claimed]:
    """Take due debts, express first. Rows whose owner died are taken again once their lease ran out. What may be
    about to kill us is taken alone, when nothing else is left: nobody else is to pay for it."""
    bound = {"taker": owner, "at_moment": now, "at_real": real, "until_real": real + lease}
    claimed: list[Claimed] = []
    for taking in _TAKE:
        if room := limit - len(claimed):
            claimed += await _taken(session, taking, bound, room)
    suspects = [owed for owed in claimed if owed.crashes >= SUSPECT]
    apart = [(owed, {"lane": "alone"} | unasked(owed)) for owed in suspects]
    await settle(session, apart)
    steady = [owed for owed in claimed if owed.crashes < SUSPECT]
    steady = steady or await _taken(session, _TAKE_ALONE, bound, 1)
    return sorted(steady, key=lambda owed: (owed.lane != "express", owed.due_at, owed.id))


async def _taken(
    session: AsyncSession, taking: Executable, bound: Mapping[str, object], most: int
) -> list[Claimed]:
    rows = await session.execute(taking, {**bound, "at_most": most})
    return [Claimed(*row) for row in rows]


def unasked(owed: Claimed) -> dict[str, object]:
    """Given back as it was: nobody tried."""
    return {"state": "owed", "attempts": owed.attempts - 1}


async def begin(session: AsyncSession, debts: Sequence[Claimed]) -> set[int]:
    """Say that these calls are under way from now on: if their owner dies, nobody can tell what became of them.
    Returns those that are still his."""
    return await settle(session, [(owed, {"reason": UNDER_WAY}) for owed in debts])


async def settle(
    session: AsyncSession, became: Sequence[tuple[Claimed, Mapping[str, object]]]
) -> set[int]:
    """Write back what became of claimed debts, those alike together. Returns those that were still the owner's:
    what somebody else owns by now stays as it is."""
    alike: dict[tuple[str | None, int, str], tuple[Mapping[str, object], list[int]]] = {}
    for owed, values in became:
        key = owed.owner, owed.fence, repr(values)
        alike.setdefault(key, (values, []))[1].append(owed.id)
    written: set[int] = set()
    for (owner, fence, _), (values, ids) in alike.items():
        mine = {"its_owner": owner, "its_fence": fence, "its_ids": ids}
        new = {f"new_{name}": each for name, each in values.items()}
        writing = _writing(dialect_of(session), frozenset(values))
        written |= set(await session.scalars(writing, mine | new))
    return written


async def cancel(session: AsyncSession, *, touch_ids: Sequence[int], reason: str) -> int:
    """Withdraw debts that nobody has claimed yet."""
    result = await session.execute(
        update(Owed)
        .where(Owed.touch_id.in_(touch_ids), Owed.state == "owed")
        .values(state="cancelled", reason=reason)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def first_due(*states: str) -> Select[datetime]:
    """When the first debt in one of these states is due: one look into the index for each, however many wait."""
    firsts = [
        select(Owed.due_at)
        .where(Owed.state == state, Owed.lane == lane)
        .order_by(Owed.due_at)
        .limit(1)
        .subquery()
        for state in states
        for lane in LANES
    ]
    every = union_all(*(select(first.c.due_at) for first in firsts)).subquery()
    return select(func.min(every.c.due_at))


_NEXT_DUE = first_due("owed", "claimed")


async def next_due(session: AsyncSession) -> datetime | None:
    found: datetime | None = await session.scalar(_NEXT_DUE)
    return found
