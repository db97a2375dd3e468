"""Two records that are one person: folded into one, asked about, or taken apart again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow, MergeRecord
from bot.domain.delivery import GuideTask
from bot.domain.merging import Key
from bot.domain.refusals import Refusal
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store import consent, tags, tiers
from bot.store.customers import balances, profiles, questions, returning, twins
from bot.store.customers import imprint as imprints
from bot.store.customers.holding import holders
from bot.store.customers.moves import MOVES, belongings, follow_orders, newest_address
from bot.store.customers.parts import send_home
from bot.store.customers.questions import SYSTEM
from bot.store.family import family, stands_for
from bot.store.vault import Vault

CUSTOMER, CONSENT = "customer", "consent_state"
SEALED: tuple[tuple[type[Follow | GuideTask], str, str], ...] = (
    (Follow, "remark", "follow.remark"),
    (GuideTask, "words", "guide_task.words"),
)
"""Columns under the key of the person whom the row belongs to."""


async def join(
    session: AsyncSession,
    vault: Vault,
    *,
    kept: Customer,
    merged: Customer,
    reason: str,
    at: datetime,
    by: str = SYSTEM,
    proof: dict[str, Any] | None = None,
) -> MergeRecord:
    """Fold one record into the other: ids, ties, tags, orders, coupons and points move; the stricter consent holds."""
    if kept.erased_at is not None and merged.erased_at is None:
        await returning.meets_nobody(session, vault, kept, merged, at)
    moved = await _fold(session, vault, kept=kept, merged=merged, at=at, by=by)
    moved |= {"proof": proof}
    record = questions.record(
        kept, merged, state="merged", reason=reason, at=at, by=by, moved=moved
    )
    session.add(record)
    await questions.settle(session, kept.id)
    await session.flush()
    return record


async def _fold(
    session: AsyncSession,
    vault: Vault,
    *,
    kept: Customer,
    merged: Customer,
    at: datetime,
    by: str,
) -> dict[str, Any]:
    """Returns all that `_lift` needs."""
    await _lock(session, kept.id, merged.id)
    await session.flush()
    has = await belongings(session, merged.id)
    hers = await _behind(session, kept, merged, has)
    before = await imprints.imprint(session, hers, has)
    planned = await imprints.planned(session, hers) if CONSENT in has else []
    moved: dict[str, Any] = {
        move.table.name: await move.go(session, source=merged.id, target=kept.id)
        if move.table.name in has
        else []
        for move in MOVES
    }
    moved |= await _pour(session, vault, has, kept=kept, merged=merged, by=by)
    await _reseal(session, vault, moved, source=merged.id, target=kept.id)
    moved["profile"] = profiles.fold(kept, merged)
    merged.merged_into = kept.id
    moved["folded"] = await _gather_folded(session, kept.id, merged.id) if CUSTOMER in has else []
    await session.flush()
    moved["twins"] = await twins.void(session, kept.id, at) if "coupon" in has else []
    await _renumber(session, has, moved, kept.id, merged.id, at=at)
    moved["stopped"] = await imprints.cancelled(session, planned)
    moved["rows"] = imprints.changes(before, await imprints.imprint(session, hers, has))
    return moved


async def _behind(
    session: AsyncSession, kept: Customer, merged: Customer, has: frozenset[str]
) -> list[int]:
    """Whose rows this merge may change: a refusal reaches all that were ever folded into either."""
    if not has & {CONSENT, CUSTOMER}:
        return [kept.id, merged.id]
    return await family(session, kept.id) + await family(session, merged.id)


async def _pour(
    session: AsyncSession,
    vault: Vault,
    has: frozenset[str],
    *,
    kept: Customer,
    merged: Customer,
    by: str,
) -> dict[str, Any]:
    """What two people have one of each: ties to one guide, consent, points, and what is sealed about them."""
    ids = {"kept_id": kept.id, "merged_id": merged.id}
    if "follow" in has:
        await newest_address(session, **ids)
    poured: dict[str, Any] = {"consent": {"before": {}, "entries": []}, "points": {}, "secret": []}
    if CONSENT in has:
        poured["consent"] = await consent.carry_over(session, **ids, by=by)
    if "points_account" in has:
        poured["points"] = await balances.pour(session, **ids)
    if "secret" in has:
        poured["secret"] = await profiles.fill_secrets(session, vault, kept, merged)
    return poured


async def _renumber(
    session: AsyncSession,
    has: frozenset[str],
    moved: dict[str, Any],
    kept_id: int,
    merged_id: int,
    *,
    at: datetime,
) -> None:
    if has & {"customer_tag", "follow"}:
        await tags.stir(session, [kept_id])
    for numbers in (PurchaseStats, CustomerTier):
        if numbers.__tablename__ in has:
            await session.execute(delete(numbers).where(numbers.customer_id == merged_id))
    await _retier(session, moved, kept_id, at=at)


async def part(
    session: AsyncSession, vault: Vault, *, customer_id: int, at: datetime, by: str
) -> MergeRecord:
    """Undo a merge: everything that moved goes back. Only a question so far, it is answered with no."""
    record = await _latest(session, customer_id)
    if record is None:
        raise Refusal("not_merged", "这位顾客没有可以撤销的合并", status=404)
    if record.state == "merged":
        await undo(session, vault, record, by=by, at=at)
    record.state = "undone" if record.state == "merged" else "refused"
    await session.flush()
    return record


async def undo(
    session: AsyncSession, vault: Vault, record: MergeRecord, *, by: str, at: datetime
) -> None:
    """Take this merge back as if it had never been: later ones of the same people are lifted off and laid on again."""
    later = await _built_upon(session, record)
    for each in [*reversed(later), record]:
        await _lift(session, vault, each, by=by, at=at)
        await send_home(session, each.kept_id, each.merged_id)
    for each in later:
        kept, merged = await proven_pair(session, each)
        if kept.id == merged.id:
            each.state = "answered"
            continue
        proof = {"proof": each.moved["proof"]}
        each.moved = await _fold(session, vault, kept=kept, merged=merged, at=at, by=by) | proof
        each.kept_id, each.merged_id = kept.id, merged.id
    await session.flush()


async def proven_pair(session: AsyncSession, record: MergeRecord) -> tuple[Customer, Customer]:
    """Whom this merge is about, the kept one first: who holds the id that showed it, and who was seen with it."""
    proof = record.moved["proof"]
    if not proof or proof["shared"] is None:
        found = [await session.get_one(Customer, i) for i in (record.kept_id, record.merged_id)]
        return await stands_for(session, found[0]), await stands_for(session, found[1])
    claimer = await session.get_one(Customer, proof["claimer"])
    seen = await holders(session, Key(*proof["beside"])) if proof["beside"] else {}
    held = await holders(session, Key(*proof["shared"]))
    one = next(iter(held.values()))
    return elder_first(one, next(iter(seen.values()), await stands_for(session, claimer)))


def elder_first(one: Customer, other: Customer) -> tuple[Customer, Customer]:
    kept, merged = sorted((one, other), key=lambda each: (each.created_at, each.id))
    return kept, merged


async def _built_upon(session: AsyncSession, record: MergeRecord) -> list[MergeRecord]:
    """The merges since then that any record of these people took part in, the oldest first."""
    touched, before = {record.kept_id, record.merged_id}, 0
    while len(touched) > before:
        before = len(touched)
        hers = or_(MergeRecord.kept_id.in_(touched), MergeRecord.merged_id.in_(touched))
        since = (MergeRecord.state == "merged", MergeRecord.id > record.id, hers)
        found = await session.scalars(select(MergeRecord).where(*since).order_by(MergeRecord.id))
        later = list(found)
        touched.update(*((each.kept_id, each.merged_id) for each in later))
    return later


async def _lift(
    session: AsyncSession, vault: Vault, record: MergeRecord, *, by: str, at: datetime
) -> None:
    kept_id, merged_id, moved = record.kept_id, record.merged_id, record.moved
    await _lock(session, kept_id, merged_id)
    await session.flush()
    still = await imprints.untouched(session, moved["rows"])
    kept = await session.get_one(Customer, kept_id, populate_existing=True)
    merged = await session.get_one(Customer, merged_id, populate_existing=True)
    merged.merged_into = None
    await session.flush()  # from here on the two are strangers: neither's consent is the other's
    await _unfold(session, merged_id, moved["folded"])
    await twins.give_back(session, moved.get("twins", []))
    for move in MOVES:
        await move.return_to(session, moved[move.table.name], source=kept_id, target=merged_id)
    await follow_orders(session, [number for (number,) in moved["shop_order"]], merged_id)
    await _reseal(session, vault, moved, source=kept_id, target=merged_id)
    await consent.give_back(session, kept_id=kept_id, moved=moved["consent"], by=by, at=at)
    await balances.pour_back(session, kept_id=kept_id, merged_id=merged_id, before=moved["points"])
    await profiles.empty_secrets(session, kept, moved["secret"])
    profiles.unfold(kept, moved["profile"])
    await imprints.plan_again(session, moved["stopped"], now=at)
    await tags.stir(session, [kept_id, merged_id])
    if not imprints.has_numbers(still):
        await _retier(session, moved, kept_id, merged_id, at=at)
    await imprints.restore(session, still)


async def _gather_folded(session: AsyncSession, kept_id: int, merged_id: int) -> list[int]:
    """Records that stood behind the merged one stand behind the kept one now: one step leads to who she is."""
    hers = Customer.merged_into == merged_id
    folded = list(await session.scalars(select(Customer.id).where(hers)))
    await _unfold(session, kept_id, folded)
    return folded


async def _unfold(session: AsyncSession, behind: int, folded: Sequence[int]) -> None:
    await session.execute(
        update(Customer).where(Customer.id.in_(folded)).values(merged_into=behind)
    )


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
