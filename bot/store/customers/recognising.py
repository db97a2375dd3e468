"""An id turns up with two records: are they one person? Answered alike, in whatever order the news comes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, MergeRecord, Secret
from bot.domain.merging import NAME, ONE_EACH, PHONE, Key, Verdict, alike, contradicted, weigh
from bot.store.customers import people, questions, sharing
from bot.store.customers.holding import holders
from bot.store.customers.merging import elder_first, join
from bot.store.customers.parts import proof_of
from bot.store.customers.questions import ANSWERED_NO, agreed, keys_of, reason_of
from bot.store.family import family, stands_for
from bot.store.vault import Vault

CERTAIN = frozenset({"unionid", "external_userid", "kf"})
TELLING = CERTAIN | ONE_EACH
"""Ids of which one more may show that a phone has two owners."""


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
    facts = {sighting.shared.kind}.union(*(agreed(each.reason) for each in asked))
    if facts <= sharing.SOFT:
        await _ask(session, asked, (ours, theirs), facts, sighting)
        return await _settled(session, vault, ours, {sighting.shared}, sighting.at)
    pair = await _weighed(session, vault, ours, theirs, facts)
    if pair.verdict == "merge" and not contradicted(pair.facts, pair.ours, pair.theirs):
        return await _join(session, vault, (ours, theirs), pair.facts, sighting)
    # An id that is theirs by a phone alone proves no more than the phone: loosen before any proof is added up.
    if phones := await sharing.loosen(session, vault, [ours.id, theirs.id], sighting.at):
        ours = await _again(session, vault, ours, sighting)
        return await _settled(session, vault, ours, phones, sighting.at)
    if pair.verdict == "merge":
        return await _join(session, vault, (ours, theirs), pair.facts, sighting)
    await _ask(session, asked, (ours, theirs), pair.facts, sighting)
    return await reconsider(session, vault, ours, sighting.at)


async def reconsider(
    session: AsyncSession, vault: Vault, customer: Customer, at: datetime
) -> Customer:
    """More is known of her: what was left open about her may be plain now. Returns who stands for her."""
    hers = await family(session, customer.id)
    return await _settled(session, vault, customer, await sharing.phones_about(session, hers), at)


async def one_more(
    session: AsyncSession, vault: Vault, customer: Customer, sighting: Sighting
) -> Customer:
    """An id that nobody had is hers now. It may tell her apart from somebody with whom she shares a phone."""
    if sighting.shared.kind not in TELLING:
        return customer
    if not await sharing.phones_about(session, [customer.id]):
        return customer
    return await reconsider(session, vault, customer, sighting.at)


async def _settled(
    session: AsyncSession,
    vault: Vault,
    customer: Customer,
    phones: Collection[Key],
    at: datetime,
) -> Customer:
    for phone in sorted(phones):
        await sharing.settle(session, vault, phone, at)
    return await stands_for(session, customer)


class _Weighed(NamedTuple):
    verdict: Verdict
    facts: set[str]
    ours: list[Key]
    theirs: list[Key]


async def _weighed(
    session: AsyncSession, vault: Vault, ours: Customer, theirs: Customer, facts: set[str]
) -> _Weighed:
    """By all in which the two were ever seen to agree."""
    mine = list((await keys_of(session, ours.id)).values())
    hers = list((await keys_of(session, theirs.id)).values())
    if not facts & CERTAIN and await _same_name(session, vault, ours.id, theirs.id):
        facts = facts | {NAME}
    kind = next(iter(sorted(facts - {NAME})))
    return _Weighed(weigh(kind, mine, hers, also=facts), facts, mine, hers)


async def _join(
    session: AsyncSession,
    vault: Vault,
    pair: tuple[Customer, Customer],
    facts: Collection[str],
    sighting: Sighting,
) -> Customer:
    kept, merged = elder_first(*pair)
    at, proof = sighting.at, _proof(pair, sighting)
    reason = reason_of(facts)
    await join(session, vault, kept=kept, merged=merged, reason=reason, at=at, proof=proof)
    return await reconsider(session, vault, kept, at)


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


async def _ask(
    session: AsyncSession,
    asked: Sequence[MergeRecord],
    pair: tuple[Customer, Customer],
    facts: Collection[str],
    sighting: Sighting,
) -> None:
    """One question per pair; what more is found is added to it."""
    proof = _proof(pair, sighting)
    if not asked:
        kept, merged = elder_first(*pair)
        facts, told = reason_of(facts), {"proof": proof}
        session.add(
            questions.record(
                kept, merged, state="proposed", reason=facts, at=sighting.at, moved=told
            )
        )
    elif agreed(asked[0].reason) != frozenset(facts):
        asked[0].reason = reason_of(facts)
        asked[0].moved = {"proof": (asked[0].moved.get("proof") or proof) | _phone(sighting)}
    await session.flush()


def _proof(pair: tuple[Customer, Customer], sighting: Sighting) -> dict[str, object]:
    shared, _, beside = sighting
    return proof_of(shared=shared, beside=beside, claimer=pair[0].id) | _phone(sighting)


def _phone(sighting: Sighting) -> dict[str, Key]:
    return {PHONE: sighting.shared} if sighting.shared.kind == PHONE else {}


async def _same_name(session: AsyncSession, vault: Vault, one: int, other: int) -> bool | None:
    known = await session.scalar(
        select(Secret.customer_id).where(Secret.customer_id == one, Secret.name.is_not(None))
    )
    if known is None:
        return None
    ours, theirs = [await people.name_of(session, vault, each) for each in (one, other)]
    return alike(ours, theirs)
