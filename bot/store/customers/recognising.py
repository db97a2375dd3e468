"""An id turns up with two records: are they one person? Answered alike, in whatever order the news comes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, MergeRecord, Secret
from bot.domain.merging import NAME, Key, Verdict, alike, same_person, weigh
from bot.store.customers import people, questions
from bot.store.customers.holding import holders
from bot.store.customers.merging import join, undo
from bot.store.customers.questions import ANSWERED_NO, SYSTEM, agreed, keys_of, reason_of
from bot.store.family import family
from bot.store.vault import Vault

PHONE_ALONE = reason_of(["phone"])


class Sighting(NamedTuple):
    """The id that both records hold, and what else came in the same news."""

    shared: Key
    at: datetime
    beside: Key | None = None


async def recognise(
    session: AsyncSession, vault: Vault, ours: Customer, theirs: Customer, sighting: Sighting
) -> Customer:
    """Make the two one, or leave the question to a person. Returns whom `ours` became."""
    asked = await questions.between(session, ours.id, theirs.id)
    if any(each.state in ANSWERED_NO for each in asked):
        return ours  # somebody said no: never again by itself
    facts, doubtful = await _facts(session, vault, ours, theirs, sighting.shared, asked)
    mine = list((await keys_of(session, ours.id)).values())
    hers = list((await keys_of(session, theirs.id)).values())
    kind = sighting.shared.kind
    if weigh(kind, mine, hers, also=facts, doubtful=doubtful) == "merge":
        kept, merged = _elder_first(ours, theirs)
        reason = reason_of(facts)
        await join(session, vault, kept=kept, merged=merged, reason=reason, at=sighting.at)
        return kept
    if await _loosen(session, vault, (ours, mine), (theirs, hers), sighting, facts):
        return await _again(session, vault, ours, sighting)
    await _ask(session, asked, _elder_first(ours, theirs), facts, sighting.at)
    return ours


async def _facts(
    session: AsyncSession,
    vault: Vault,
    ours: Customer,
    theirs: Customer,
    shared: Key,
    asked: Sequence[MergeRecord],
) -> tuple[set[str], bool]:
    """In what the two agree by all we ever saw, and whether a phone alone would prove too little."""
    facts = {shared.kind}.union(*(agreed(each.reason) for each in asked))
    if shared.kind in ("unionid", "external_userid", "kf"):
        return facts, False
    same_name = await _same_name(session, vault, ours.id, theirs.id)
    if same_name:
        facts.add(NAME)
    if facts != {"phone"}:
        return facts, False
    return facts, same_name is False or await questions.contested(session, theirs.id)


async def _again(
    session: AsyncSession, vault: Vault, ours: Customer, sighting: Sighting
) -> Customer:
    """Records were taken apart: ask anew about those that hold the ids now."""
    found = await holders(session, sighting.beside) if sighting.beside else {}
    ours = next(iter(found.values()), ours)
    for holder in (await holders(session, sighting.shared)).values():
        if holder.id != ours.id:
            ours = await recognise(session, vault, ours, holder, sighting)
    return ours


async def _loosen(
    session: AsyncSession,
    vault: Vault,
    ours: tuple[Customer, Sequence[Key]],
    theirs: tuple[Customer, Sequence[Key]],
    sighting: Sighting,
    facts: Collection[str],
) -> bool:
    """Undo merges that rest on a phone alone, when the phone has another owner or when they stand in the way
    of better evidence. Both halves stay in the queue as a question."""
    undone = False
    shared, at = sighting.shared, sighting.at

    def joins(part: Collection[Key], whole: Sequence[Key]) -> bool:
        verdict: Verdict = weigh(shared.kind, list(part), whole, also=facts)
        return verdict == "merge"

    for (person, keys), mark, other in (
        (theirs, shared, ours[1]),
        (ours, sighting.beside, theirs[1]),
    ):
        for loose in await _by_phone_alone(session, person.id):
            parts = await _parts(session, loose, keys)
            if not all(any(each.kind != "phone" for each in part) for part in parts):
                continue
            near = [part for part in parts if mark and not part.isdisjoint(same_person(mark))]
            another_owner = shared.kind == "phone" and person is theirs[0]
            if another_owner or (near and joins(near[0], other)):
                await undo(session, vault, loose, by=SYSTEM, at=at)
                loose.state, loose.moved = "proposed", {}
                undone = True
    await session.flush()
    return undone


async def _by_phone_alone(session: AsyncSession, customer_id: int) -> Sequence[MergeRecord]:
    hers = await family(session, customer_id)
    found = await session.scalars(
        select(MergeRecord)
        .where(MergeRecord.state == "merged", MergeRecord.reason == PHONE_ALONE)
        .where(MergeRecord.by == SYSTEM)
        .where(or_(MergeRecord.kept_id.in_(hers), MergeRecord.merged_id.in_(hers)))
        .order_by(MergeRecord.id.desc())
    )
    return found.all()


async def _parts(
    session: AsyncSession, merge: MergeRecord, keys: Sequence[Key]
) -> tuple[set[Key], set[Key]]:
    """The ids that came with the merged record, and the rest."""
    numbered = await keys_of(session, await _standing(session, merge.kept_id))
    came = {numbered[number] for (number,) in merge.moved["identity"] if number in numbered}
    return came, set(keys) - came


async def _standing(session: AsyncSession, customer_id: int) -> int:
    found = await session.get_one(Customer, customer_id)
    return found.id if found.merged_into is None else await _standing(session, found.merged_into)


async def _ask(
    session: AsyncSession,
    asked: Sequence[MergeRecord],
    pair: tuple[Customer, Customer],
    facts: Collection[str],
    at: datetime,
) -> None:
    """One question per pair; what more is found is added to it."""
    if asked:
        asked[0].reason = reason_of(facts)
    else:
        kept, merged = pair
        session.add(
            questions.record(kept, merged, state="proposed", reason=reason_of(facts), at=at)
        )
    await session.flush()


async def _same_name(session: AsyncSession, vault: Vault, one: int, other: int) -> bool | None:
    known = await session.scalar(
        select(Secret.customer_id).where(Secret.customer_id == one, Secret.name.is_not(None))
    )
    if known is None:
        return None
    ours, theirs = [await people.name_of(session, vault, each) for each in (one, other)]
    return alike(ours, theirs)


def _elder_first(one: Customer, other: Customer) -> tuple[Customer, Customer]:
    kept, merged = sorted((one, other), key=lambda each: (each.created_at, each.id))
    return kept, merged
