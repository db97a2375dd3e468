"""Two records that are one person: folded into one, asked about, or taken apart again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow, Identity, MergeRecord
from bot.domain.delivery import GuideTask
from bot.domain.merging import Key, weigh
from bot.domain.refusals import Refusal
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store import consent, tags, tiers
from bot.store.customers import balances, profiles
from bot.store.customers.moves import MOVES
from bot.store.family import surviving
from bot.store.vault import Vault

SYSTEM = "system:siyu"
SEALED: tuple[tuple[type[Follow | GuideTask], str, str], ...] = (
    (Follow, "remark", "follow.remark"),
    (GuideTask, "words", "guide_task.words"),
)
"""Columns under the key of the person whom the row belongs to."""


async def recognise(
    session: AsyncSession,
    vault: Vault,
    ours: Customer,
    theirs: Customer,
    *,
    shared: str,
    at: datetime,
) -> Customer:
    """Both hold an id of this kind: make them one, or leave the question to a person. Returns whom `ours` became."""
    if await _judged(session, ours.id, theirs.id):
        return ours
    kept, merged = sorted((ours, theirs), key=lambda each: (each.created_at, each.id))
    verdict = weigh(shared, await _keys(session, ours.id), await _keys(session, theirs.id))
    if verdict == "propose":
        session.add(_record(kept, merged, state="proposed", reason=f"same:{shared}", at=at))
        await session.flush()
        return ours
    await join(session, vault, kept=kept, merged=merged, reason=f"same:{shared}", at=at)
    return kept


async def join(
    session: AsyncSession,
    vault: Vault,
    *,
    kept: Customer,
    merged: Customer,
    reason: str,
    at: datetime,
    by: str = SYSTEM,
) -> MergeRecord:
    """Fold one record into the other: ids, ties, tags, orders, coupons and points move; the stricter consent holds."""
    await _lock(session, kept.id, merged.id)
    await session.flush()
    moved: dict[str, Any] = {
        move.table.name: await move.go(session, source=merged.id, target=kept.id) for move in MOVES
    }
    await _reseal(session, vault, moved, source=merged.id, target=kept.id)
    moved["consent"] = await consent.carry_over(
        session, kept_id=kept.id, merged_id=merged.id, by=by
    )
    moved["points"] = await balances.pour(session, kept_id=kept.id, merged_id=merged.id)
    moved["secret"] = await profiles.fill_secrets(session, vault, kept, merged)
    moved["profile"] = profiles.fold(kept, merged)
    merged.merged_into = kept.id
    await tags.stir(session, [kept.id])
    for numbers in (PurchaseStats, CustomerTier):
        await session.execute(delete(numbers).where(numbers.customer_id == merged.id))
    await _retier(session, moved, kept.id, at=at)
    record = _record(kept, merged, state="merged", reason=reason, at=at, by=by, moved=moved)
    session.add(record)
    await _settle_questions(session, kept.id, merged.id)
    await session.flush()
    return record


async def part(
    session: AsyncSession, vault: Vault, *, customer_id: int, at: datetime, by: str
) -> MergeRecord:
    """Undo a merge: everything that moved goes back. Only a question so far, it is answered with no."""
    record = await _latest(session, customer_id)
    if record is None:
        raise Refusal("not_merged", "这位顾客没有可以撤销的合并", status=404)
    if record.state == "merged":
        await _part(session, vault, record, by=by, at=at)
    record.state = "undone" if record.state == "merged" else "refused"
    await session.flush()
    return record


async def proposals(session: AsyncSession, *, limit: int = 100) -> Sequence[MergeRecord]:
    """Pairs that look like one person and wait for somebody to say so."""
    found = await session.scalars(
        select(MergeRecord)
        .where(MergeRecord.state == "proposed")
        .order_by(MergeRecord.id)
        .limit(limit)
    )
    return found.all()


async def _part(
    session: AsyncSession, vault: Vault, record: MergeRecord, *, by: str, at: datetime
) -> None:
    holder = await surviving(session, record.kept_id)
    await _lock(session, holder, record.merged_id)
    await session.flush()
    kept = await session.get_one(Customer, holder)
    merged = await session.get_one(Customer, record.merged_id)
    moved = record.moved
    merged.merged_into = None
    await session.flush()  # from here on the two are strangers: neither's consent is the other's
    for move in MOVES:
        await move.return_to(session, moved[move.table.name], source=kept.id, target=merged.id)
    await _reseal(session, vault, moved, source=kept.id, target=merged.id)
    await consent.give_back(session, kept_id=kept.id, moved=moved["consent"], by=by, at=at)
    await balances.pour_back(session, kept_id=kept.id, merged_id=merged.id, before=moved["points"])
    await profiles.empty_secrets(session, kept, moved["secret"])
    profiles.unfold(kept, moved["profile"])
    await tags.stir(session, [kept.id, merged.id])
    await _retier(session, moved, kept.id, merged.id, at=at)


async def _retier(
    session: AsyncSession, moved: dict[str, Any], *customer_ids: int, at: datetime
) -> None:
    """Orders changed hands: so do the numbers and the tier made of them."""
    if moved["shop_order"]:
        await session.flush()
        await tiers.refresh(session, customer_ids, at)


async def _reseal(
    session: AsyncSession, vault: Vault, moved: dict[str, Any], *, source: int, target: int
) -> None:
    """What moved and is sealed under a person's key is sealed anew under the other's."""
    for entity, column, about in SEALED:
        for (row_id,) in moved[entity.__tablename__]:
            row: Follow | GuideTask = await session.get_one(entity, row_id, populate_existing=True)
            sealed = getattr(row, column)
            if sealed is not None and row.customer_id == target:
                text = await vault.unseal_for(session, source, sealed, about=about)
                setattr(row, column, await vault.seal_for(session, target, text, about=about))


async def _lock(session: AsyncSession, *customer_ids: int) -> None:
    await session.execute(
        select(Customer.id)
        .where(Customer.id.in_(customer_ids))
        .order_by(Customer.id)
        .with_for_update()
    )


async def _judged(session: AsyncSession, one: int, other: int) -> bool:
    """Somebody was asked about this pair, or said no: never again by itself."""
    stands = ("proposed", "refused", "undone")
    found = select(MergeRecord.id).where(_pair(one, other), MergeRecord.state.in_(stands))
    return await session.scalar(found.limit(1)) is not None


async def _settle_questions(session: AsyncSession, one: int, other: int) -> None:
    waiting = select(MergeRecord).where(_pair(one, other), MergeRecord.state == "proposed")
    for record in await session.scalars(waiting):
        record.state = "answered"


async def _latest(session: AsyncSession, customer_id: int) -> MergeRecord | None:
    """The merge that folded this record away, else the newest that it took part in."""
    found = await session.scalars(
        select(MergeRecord)
        .where(
            or_(MergeRecord.merged_id == customer_id, MergeRecord.kept_id == customer_id),
            MergeRecord.state.in_(("merged", "proposed")),
        )
        .order_by(MergeRecord.state, MergeRecord.merged_id != customer_id, MergeRecord.id.desc())
    )
    return found.first()


def _pair(one: int, other: int) -> ColumnElement[bool]:
    return or_(
        and_(MergeRecord.kept_id == one, MergeRecord.merged_id == other),
        and_(MergeRecord.kept_id == other, MergeRecord.merged_id == one),
    )


async def _keys(session: AsyncSession, customer_id: int) -> list[Key]:
    rows = await session.execute(
        select(Identity.kind, Identity.value, Identity.account).where(
            Identity.customer_id == customer_id
        )
    )
    return [Key(*row) for row in rows]


def _record(
    kept: Customer,
    merged: Customer,
    *,
    state: str,
    reason: str,
    at: datetime,
    **more: Any,
) -> MergeRecord:
    return MergeRecord(
        kept_id=kept.id,
        merged_id=merged.id,
        state=state,
        reason=reason,
        at=at,
        **({"by": SYSTEM, "moved": {}} | more),
    )
