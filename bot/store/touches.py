"""Touches: planned once, cancelled when the reason to send them is gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Executable,
    Select,
    Update,
    bindparam,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, Touch
from bot.domain.customers import Customer
from bot.domain.delivery import Owed, Window
from bot.domain.mapping import Moment
from bot.domain.reasons import GONE
from bot.store import bulk, outbox
from bot.store.adding import turned
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.engine import rows as plain_rows

MOST_WAYS = 3
"""How often one message is tried where window after window proves to be shut."""


class Plan(TypedDict):
    """One message to one customer; the campaign, or the run and its step, plan it once."""

    customer_id: int
    template: str
    purpose: str
    due_at: datetime
    campaign_id: NotRequired[int | None]
    run_id: NotRequired[int | None]
    step: NotRequired[str | None]
    offer_key: NotRequired[str | None]
    guide_id: NotRequired[int | None]


async def plan(session: AsyncSession, plans: Sequence[Plan], now: datetime) -> Sequence[Touch]:
    """Plan messages to many. Returns those that were not planned before, in no certain order."""
    if not plans:
        return ()
    rows = [_BLANK | plan | {"planned_at": now} for plan in plans]
    return (await session.scalars(_planning(dialect_of(session)), rows)).all()


_BLANK = {
    **dict.fromkeys(("campaign_id", "run_id", "step", "offer_key", "guide_id")),
    "state": "planned",
    "attempts": 0,
}


@lru_cache
def _planning(dialect: str) -> Executable:
    planning: Executable = upsert_in(dialect, Touch).on_conflict_do_nothing().returning(Touch)
    return planning


async def cancel_for(
    session: AsyncSession,
    *,
    customer_id: int,
    reason: str,
    now: datetime,
    purpose: str | None = "marketing",
    only: ColumnElement[bool] | None = None,
) -> int:
    """Stop what is on its way to a customer. What a guide already holds gets the reason, and is called back by
    the next withdrawal."""
    hers = [Touch.customer_id == customer_id]
    if purpose is not None:
        hers.append(Touch.purpose == purpose)
    if only is not None:
        hers.append(only)
    return await _cancel(session, hers, reason=reason, now=now)


async def cancel_of_runs(
    session: AsyncSession, run_ids: Sequence[int], *, reason: str, now: datetime
) -> int:
    """The same for what these journeys have on its way."""
    return await _cancel(session, [Touch.run_id.in_(run_ids)], reason=reason, now=now)


async def _cancel(
    session: AsyncSession, hers: Sequence[ColumnElement[bool]], *, reason: str, now: datetime
) -> int:
    held = Touch.mass_task_id.is_not(None) & Touch.state.in_(("queued", "handed_over"))
    await session.execute(update(Touch).where(*hers, held).values(reason=reason))
    queued = select(Touch.id).where(*hers, Touch.state == "queued", Touch.mass_task_id.is_(None))
    await outbox.cancel(session, touch_ids=(await session.scalars(queued)).all(), reason=reason)
    recalled = select(Owed.touch_id).where(Owed.touch_id.in_(queued), Owed.state == "cancelled")
    waiting = (Touch.state == "planned") | Touch.id.in_(recalled)
    return await changed(
        session,
        update(Touch)
        .where(*hers, waiting)
        .values(state="cancelled", reason=reason, settled_at=now),
    )


async def cancel_topic(
    session: AsyncSession,
    customer_id: int,
    *,
    templates: Collection[str],
    by_hand: Literal["offer", "words"] | None,
    now: datetime,
) -> int:
    """Stop what is about one thing: messages of these templates, and those by hand that offer something or nothing."""
    about: ColumnElement[bool] = Touch.template.in_(templates)
    if by_hand is not None:
        offers = Touch.offer_key.is_not(None)
        about |= (Touch.template == "") & (offers if by_hand == "offer" else ~offers)
    return await cancel_for(
        session, customer_id=customer_id, reason="topic_off", now=now, only=about
    )


async def changed(session: AsyncSession, statement: Update | Delete) -> int:
    """Run one conditional change; how many rows it found as expected."""
    result = await session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0


async def settle(
    session: AsyncSession,
    touch_ids: Sequence[int],
    *,
    expected: Sequence[str],
    **values: Any,
) -> int:
    """Move touches on, unless something else has moved them before."""
    found = {"its_ids": list(touch_ids), "its_states": list(expected)}
    new = {f"new_{name}": value for name, value in values.items()}
    writing = _settling(dialect_of(session), frozenset(values))
    result = await session.execute(writing, found | new)
    return result.rowcount if isinstance(result, CursorResult) else 0


@lru_cache
def _settling(dialect: str, names: frozenset[str]) -> Executable:
    touch = table_of(Touch)
    return (
        update(touch)
        .where(
            bulk.among(dialect, touch.c.id, "its_ids"),
            touch.c.state.in_(bindparam("its_states", expanding=True)),
        )
        .values({name: bindparam(f"new_{name}", type_=touch.c[name].type) for name in names})
    )


async def reroute(
    session: AsyncSession,
    touch_ids: Collection[int],
    *,
    reason: str,
    now: datetime,
    expected: str = "queued",
    attempt: int | None = None,
) -> None:
    """The platform says that these went through no window: shut it, and look for another way to the same people,
    unless so many were tried. With `attempt`, only while that is the one that counts."""
    hers = [Touch.id.in_(touch_ids), Touch.state == expected]
    if attempt is not None:
        hers.append(Touch.attempts == attempt)
    following = (await session.scalars(select(Touch.id).where(*hers))).all()
    await outbox.cancel(session, touch_ids=following, reason=reason)
    shut = select(Touch.id).where(
        *hers, Touch.customer_id == Window.customer_id, Touch.channel == Window.channel
    )
    await session.execute(update(Window).where(shut.exists()).values(left=0))
    again = {"state": "planned", "reason": reason, "sent_at": None, "settled_at": None}
    tried = Touch.attempts >= MOST_WAYS
    await session.execute(update(Touch).where(*hers, ~tried).values(**again))
    state = "not_friend" if reason in GONE else "refused"
    ended = again | {"state": state, "settled_at": now}
    await session.execute(update(Touch).where(*hers).values(**ended))


async def due(
    session: AsyncSession, now: datetime, *, after: int, limit: int
) -> Sequence[tuple[Touch, Campaign | None]]:
    """Planned touches whose time has come, locked together with their customers:
    two passes at once must not both use the last place under a cap."""
    rows = (await session.execute(_DUE, {"at_moment": now, "past": after, "most": limit})).all()
    customers = {touch.customer_id for touch, _ in rows}
    await plain_rows(session, _locking(dialect_of(session)), {"whose": sorted(customers)})
    return rows


_DUE = (
    select(Touch, Campaign)
    .outerjoin(Campaign, Campaign.id == Touch.campaign_id)
    .where(
        Touch.state == "planned",
        Touch.due_at <= bindparam("at_moment", type_=Moment),
        Touch.id > bindparam("past"),
    )
    .order_by(Touch.id)
    .limit(bindparam("most"))
    .with_for_update(of=Touch, skip_locked=True)
)


@lru_cache
def _locking(dialect: str) -> Select[int]:
    whose = bulk.among(dialect, Customer.id, "whose")
    return select(Customer.id).where(whose).order_by(Customer.id).with_for_update()


async def write(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write back touches that `due` locked, each by its id; all of them say the same columns."""
    if rows:
        await bulk.change(session, Touch, "id", turned(rows))


class Bound(NamedTuple):
    """What the last look at a touch must know of it."""

    id: int
    customer_id: int
    campaign_id: int | None
    purpose: str
    template: str
    offer_key: str | None
    channel: str | None
    address: str | None
    reason: str | None
    state: str


async def under_way(session: AsyncSession, touch_ids: Sequence[int]) -> list[Bound]:
    """Those of these that wait for their call, or whose words have arrived, as they stand now."""
    if not touch_ids:
        return []
    found = await plain_rows(session, _under_way(dialect_of(session)), {"ids": list(touch_ids)})
    return [Bound(*row) for row in found]


async def queued_in(session: AsyncSession, mass_task_id: int) -> list[Bound]:
    """The queued touches that a task carries."""
    found = await plain_rows(session, _QUEUED_IN, {"task": mass_task_id})
    return [Bound(*row) for row in found]


_BOUND = select(*(getattr(Touch, name) for name in Bound._fields)).order_by(Touch.id)
_QUEUED_IN = _BOUND.where(Touch.mass_task_id == bindparam("task"), Touch.state == "queued")


@lru_cache
def _under_way(dialect: str) -> Select[*tuple[Any, ...]]:
    going = Touch.state.in_(("queued", "delivered"))
    return _BOUND.where(bulk.among(dialect, Touch.id, "ids"), going)
