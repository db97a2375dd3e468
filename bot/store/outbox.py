"""Debts: calls that must be made. Put in with the change that causes them, claimed with a lease and a fence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import CursorResult, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import calls
from bot.domain.delivery import Owed
from bot.store.engine import upsert
from bot.store.vault import Vault

ABOUT = "outbox.body"


class Terms(TypedDict, total=False):
    """When, in which lane and for whom a call is made; bulk, now and as a service unless said."""

    lane: str
    purpose: str
    customer_id: int | None
    touch_id: int | None
    mass_task_id: int | None
    due_at: datetime
    expires_at: datetime | None


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
    written = json.dumps(calls.dump(call), ensure_ascii=False)
    insert = upsert(session, Owed).values(
        effect=effect,
        kind=calls.kind_of(call),
        body=vault.seal(written, about=ABOUT),
        state="owed",
        created_at=now,
        fence=0,
        attempts=0,
        **({"lane": "bulk", "purpose": "service", "due_at": now} | terms),
    )
    result = await session.scalars(
        insert.on_conflict_do_nothing(index_elements=["effect"]).returning(Owed.id)
    )
    return result.first()


async def is_owed(session: AsyncSession, effect: str) -> bool:
    """Whether this effect was ever owed, paid or not."""
    return await session.scalar(select(Owed.id).where(Owed.effect == effect)) is not None


def open_call(vault: Vault, owed: Owed) -> calls.Call:
    return calls.load(json.loads(vault.unseal(owed.body, about=ABOUT)))


async def claim(
    session: AsyncSession, *, owner: str, now: datetime, real: float, lease: float, limit: int
) -> Sequence[Owed]:
    """Take due debts, express first. Rows whose owner died are taken again once their lease ran out."""
    free = or_(
        and_(Owed.state == "owed", Owed.due_at <= now),
        and_(Owed.state == "claimed", Owed.lease_until < real),
    )
    ids = (
        select(Owed.id)
        .where(free)
        .order_by(case((Owed.lane == "express", 0), else_=1), Owed.due_at, Owed.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (await session.scalars(ids)).all()
    if not taken:
        return []
    # A row that is claimed again was under way when its owner died: it says so until it is settled.
    interrupted = case((Owed.state == "claimed", "in_flight"), else_=Owed.reason)
    await session.execute(
        update(Owed)
        .where(Owed.id.in_(taken))
        .values(
            state="claimed",
            reason=interrupted,
            owner=owner,
            fence=Owed.fence + 1,
            lease_until=real + lease,
            attempts=Owed.attempts + 1,
        )
    )
    rows = await session.scalars(
        select(Owed).where(Owed.id.in_(taken)).execution_options(populate_existing=True)
    )
    return sorted(rows, key=lambda owed: (owed.lane != "express", owed.due_at, owed.id))


async def settle(session: AsyncSession, owed: Owed, **values: object) -> bool:
    """Write back what became of a claimed debt; False when somebody else owns it by now."""
    result = await session.execute(
        update(Owed)
        .where(
            Owed.id == owed.id,
            Owed.state == "claimed",
            Owed.owner == owed.owner,
            Owed.fence == owed.fence,
        )
        .values(**values)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


async def cancel(session: AsyncSession, *, touch_ids: Sequence[int], reason: str) -> int:
    """Withdraw debts that nobody has claimed yet."""
    result = await session.execute(
        update(Owed)
        .where(Owed.touch_id.in_(touch_ids), Owed.state == "owed")
        .values(state="cancelled", reason=reason)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


async def next_due(session: AsyncSession) -> datetime | None:
    found: datetime | None = await session.scalar(
        select(func.min(Owed.due_at)).where(Owed.state.in_(("owed", "claimed")))
    )
    return found
