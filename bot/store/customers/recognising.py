"""An id turns up with two records: are they one person? Answered alike, in whatever order the news comes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, MergeRecord, Secret
from bot.domain.merging import NAME, Key, Verdict, alike, contradicted, weigh
from bot.store.customers import people, questions
from bot.store.customers.holding import holders
from bot.store.customers.merging import elder_first, join, proven_pair, undo
from bot.store.customers.parts import part_of
from bot.store.customers.questions import ANSWERED_NO, SYSTEM, agreed, keys_of, reason_of
from bot.store.family import family, stands_for
from bot.store.vault import Vault

PHONE_ALONE = reason_of(["phone"])
CERTAIN = frozenset({"unionid", "external_userid", "kf"})


class Sighting(NamedTuple):
    """The id that both records hold, and what else came in the same news."""

    shared: Key | None
    at: datetime
    beside: Key | None = None


async def recognise(
    session: AsyncSession, vault: Vault, ours: Customer, theirs: Customer, sighting: Sighting
) -> Customer:
    """Make the two one, or leave the question to a person. Returns whom `ours` became."""
    assert sighting.shared is not None
    asked = await questions.between(session, ours.id, theirs.id)
    if any(each.state in ANSWERED_NO for each in asked):
        return ours  # somebody said no: never again by itself
    facts = {sighting.shared.kind}.union(*(agreed(each.reason) for each in asked))
    pair = await _weighed(session, vault, ours, theirs, facts)
    plain = pair.verdict == "merge" and not contradicted(pair.facts, pair.ours, pair.theirs)
    # An id that is theirs by a phone alone proves no more than the phone: loosen before any proof is added up.
    if not plain and await _loosen(
        session, vault, (ours, pair.ours), (theirs, pair.theirs), sighting, facts
    ):
        return await _again(session, vault, ours, sighting)
    if pair.verdict == "merge":
        return await _join(session, vault, ours, theirs, pair.facts, sighting)
    await _ask(session, asked, elder_first(ours, theirs), pair.facts, sighting.at)
    return ours


async def reconsider(
    session: AsyncSession, vault: Vault, customer: Customer, at: datetime
) -> Customer:
    """More is known of her: what was left open about her may be plain now. Returns who stands for her."""
    for asked in await questions.open_about(session, customer.id):
        one, other = [await _stands(session, i) for i in (asked.kept_id, asked.merged_id)]
        if one.id == other.id or not agreed(asked.reason):
            continue
        facts = set(agreed(asked.reason))
        pair = await _weighed(session, vault, one, other, facts)
        if pair.verdict == "merge":
            return await _join(session, vault, one, other, pair.facts, Sighting(None, at))
    return customer


class _Weighed(NamedTuple):
    verdict: Verdict
    facts: set[str]
    ours: list[Key]
    theirs: list[Key]


async def _weighed(
    session: AsyncSession, vault: Vault, ours: Customer, theirs: Customer, facts: set[str]
) -> _Weighed:
    """By all in which the two were ever seen to agree; a phone that others claim as well proves too little alone."""
    mine = list((await keys_of(session, ours.id)).values())
    hers = list((await keys_of(session, theirs.id)).values())
    doubtful = False
    if not facts & CERTAIN:
        same_name = await _same_name(session, vault, ours.id, theirs.id)
        facts = facts | {NAME} if same_name else facts
        if facts == {"phone"}:
            doubtful = same_name is False or await questions.contested(session, ours.id, theirs.id)
        elif await questions.rivals(session, ours.id) & await questions.rivals(session, theirs.id):
            facts = facts | {"phone"}  # a third record holds the phone with which both were seen
    kind = next(iter(sorted(facts - {NAME})))
    verdict = weigh(kind, mine, hers, also=facts, doubtful=doubtful)
    return _Weighed(verdict, facts, mine, hers)


async def _join(
    session: AsyncSession,
    vault: Vault,
    ours: Customer,
    theirs: Customer,
    facts: Collection[str],
    sighting: Sighting,
) -> Customer:
    kept, merged = elder_first(ours, theirs)
    shared, at, beside = sighting
    proof = {"shared": shared, "beside": beside, "claimer": ours.id} if shared else None
    reason = reason_of(facts)
    await join(session, vault, kept=kept, merged=merged, reason=reason, at=at, proof=proof)
    return await reconsider(session, vault, kept, at)


async def _again(
    session: AsyncSession, vault: Vault, ours: Customer, sighting: Sighting
) -> Customer:
    """Records were taken apart: ask anew about those that hold the ids now."""
    assert sighting.shared is not None
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
    shared, undone = sighting.shared, False
    assert shared is not None
    for (person, keys), mark, other in (
        (theirs, shared, ours[1]),
        (ours, sighting.beside, theirs[1]),
    ):
        if mark is None:
            continue
        for loose in await _by_phone_alone(session, person.id):
            near = await part_of(session, person.id, mark, without=loose)
            if not near or not all(map(_beyond_phones, (near, set(keys) - near))):
                continue
            another_owner = shared.kind == "phone" and mark == shared
            near_ones = list(near)
            agrees = weigh(shared.kind, near_ones, other, also=facts) == "merge"
            if another_owner or (agrees and not contradicted(facts, near_ones, other)):
                await _take_back(session, vault, loose, sighting.at)
                undone = True
    return undone


def _beyond_phones(keys: Collection[Key]) -> bool:
    return any(each.kind != "phone" for each in keys)


async def _take_back(
    session: AsyncSession, vault: Vault, loose: MergeRecord, at: datetime
) -> None:
    await undo(session, vault, loose, by=SYSTEM, at=at)
    kept, merged = await proven_pair(session, loose)
    loose.kept_id, loose.merged_id, loose.moved = kept.id, merged.id, {}
    loose.state = "proposed" if kept.id != merged.id else "answered"
    await session.flush()


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


async def _stands(session: AsyncSession, customer_id: int) -> Customer:
    return await stands_for(session, await session.get_one(Customer, customer_id))


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
