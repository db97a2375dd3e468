"""Pairs of records that may be one person: what a person was asked, and what she answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Identity, MergeRecord
from bot.domain.merging import Key, proof
from bot.domain.refusals import Refusal
from bot.store.family import family

SYSTEM = "system:siyu"
SAME = "same:"
"""A reason of ours: `same:phone+name` says in what the two records agree."""
ANSWERED_NO = ("refused", "undone")


def agreed(reason: str) -> frozenset[str]:
    """The facts that a reason names; none for a person's own words."""
    told = reason.removeprefix(SAME)
    return frozenset(told.split("+")) if told != reason else frozenset()


def reason_of(facts: Collection[str]) -> str:
    return SAME + "+".join(sorted(facts))


def record(
    kept: Customer, merged: Customer, *, state: str, reason: str, at: datetime, **more: Any
) -> MergeRecord:
    return MergeRecord(
        kept_id=kept.id,
        merged_id=merged.id,
        state=state,
        reason=reason,
        at=at,
        **({"by": SYSTEM, "moved": {}} | more),
    )


async def between(session: AsyncSession, one: int, other: int) -> Sequence[MergeRecord]:
    """Questions and answers about these two people, whichever of their records they were about."""
    ours = await family(session, one)
    theirs = ours if one == other else await family(session, other)
    found = await session.scalars(
        select(MergeRecord)
        .where(_pair(ours, theirs), MergeRecord.state.in_(("proposed", *ANSWERED_NO)))
        .order_by(MergeRecord.id)
    )
    return found.all()


async def settle(session: AsyncSession, customer_id: int) -> None:
    """These records are one person now: nobody needs to be asked about them."""
    for asked in await between(session, customer_id, customer_id):
        if asked.state == "proposed":
            asked.state = "answered"


async def open_about(session: AsyncSession, customer_id: int) -> Sequence[MergeRecord]:
    hers = await family(session, customer_id)
    waiting = select(MergeRecord).where(MergeRecord.state == "proposed", _about(hers))
    return (await session.scalars(waiting.order_by(MergeRecord.id))).all()


async def contested(session: AsyncSession, *customer_ids: int) -> bool:
    """Whether it is open, or denied, that somebody else may own the phone of these records."""
    hers = {each for one in customer_ids for each in await family(session, one)}
    asked = await session.execute(_about_a_phone(hers))
    return any(len(customer_ids) == 1 or not {*pair} <= hers for pair in asked)


def _about_a_phone(hers: Collection[int]) -> Select[int, int]:
    return select(MergeRecord.kept_id, MergeRecord.merged_id).where(
        MergeRecord.state.in_(("proposed", *ANSWERED_NO)),
        MergeRecord.reason.startswith(SAME),
        MergeRecord.reason.contains("phone"),
        _about(hers),
    )


def _about(hers: Collection[int]) -> ColumnElement[bool]:
    return or_(MergeRecord.kept_id.in_(hers), MergeRecord.merged_id.in_(hers))


class Question(NamedTuple):
    """A pair that waits for somebody's answer."""

    id: int
    kept_id: int
    merged_id: int
    agreed: frozenset[str]
    confidence: float
    at: datetime
    by: str
    words: str
    """A person's reason as she wrote it; none where it is ours."""


async def propose(
    session: AsyncSession, one: Customer, other: Customer, *, reason: str, by: str, at: datetime
) -> MergeRecord:
    """A person's question about two records. Raises Refusal already_asked | kept_apart."""
    known = await between(session, one.id, other.id)
    if any(each.state == "proposed" and not agreed(each.reason) for each in known):
        raise Refusal("already_asked", "已经有人提过这两位，正在等人看")
    if any(each.state in ANSWERED_NO for each in known):
        raise Refusal("kept_apart", "有人看过两边的资料，说不是同一位；有新的依据请直接告诉店主")
    words = f"：{reason}" if agreed(reason) else reason
    asked = record(one, other, state="proposed", reason=words, at=at, by=by)
    session.add(asked)
    await session.flush()
    return asked


async def proposals(session: AsyncSession, *, limit: int = 100) -> list[Question]:
    """What colleagues say, then the surest. Records folded into others since stand under who they are now."""
    found = await session.scalars(
        select(MergeRecord).where(MergeRecord.state == "proposed").order_by(MergeRecord.id)
    )
    asked: dict[frozenset[int], Question] = {}
    for one in found:
        kept, merged = [await _stands(session, i) for i in (one.kept_id, one.merged_id)]
        if kept != merged:
            pair, new = frozenset((kept, merged)), _question(one, kept, merged)
            asked[pair] = _both(asked[pair], new) if pair in asked else new
    order = sorted(asked.values(), key=lambda one: (not one.words, -one.confidence, one.id))
    return order[:limit]


def _question(asked: MergeRecord, kept: int, merged: int) -> Question:
    facts = agreed(asked.reason)
    words = "" if facts else asked.reason
    sure = round(proof(facts), 3)
    return Question(asked.id, kept, merged, facts, sure, asked.at, asked.by, words)


def _both(first: Question, second: Question) -> Question:
    """Of one pair: what the records say, with what somebody said."""
    ours, hers = (second, first) if first.words else (first, second)
    return ours._replace(by=hers.by, words=hers.words) if hers.words and ours.agreed else first


async def keep_apart(session: AsyncSession, question_id: int, *, by: str) -> MergeRecord:
    """Somebody looked and says no; the same pair is not asked about again, under whichever record."""
    asked = await session.get(MergeRecord, question_id)
    if asked is None or asked.state != "proposed":
        raise Refusal("not_asked", "这一对已经有答案了", status=409)
    for each in await between(session, asked.kept_id, asked.merged_id):
        if each.state == "proposed":
            each.state, each.by = "refused", by
    asked.state, asked.by = "refused", by
    await session.flush()
    return asked


async def keys_of(session: AsyncSession, customer_id: int) -> dict[int, Key]:
    """Her ids by the number of their rows."""
    rows = await session.execute(
        select(Identity.id, Identity.kind, Identity.value, Identity.account).where(
            Identity.customer_id == customer_id
        )
    )
    return {number: Key(*told) for number, *told in rows}


async def _stands(session: AsyncSession, customer_id: int) -> int:
    found = await session.get_one(Customer, customer_id)
    while found.merged_into is not None:
        found = await session.get_one(Customer, found.merged_into)
    return found.id


def _pair(ours: Collection[int], theirs: Collection[int]) -> ColumnElement[bool]:
    return or_(
        and_(MergeRecord.kept_id.in_(ours), MergeRecord.merged_id.in_(theirs)),
        and_(MergeRecord.kept_id.in_(theirs), MergeRecord.merged_id.in_(ours)),
    )
