"""What of a person would stay together without one of the merges that made her."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import MergeRecord
from bot.domain.merging import Key, same_person
from bot.store.customers.questions import keys_of
from bot.store.family import family


async def part_of(
    session: AsyncSession, customer_id: int, mark: Key, *, without: MergeRecord
) -> set[Key]:
    """The ids that other evidence ties to this one; empty when it is not hers."""
    hers = await family(session, customer_id)
    merges = await _merges(session, hers)
    numbered = await keys_of(session, customer_id)
    homes = _homes(numbered, merges, customer_id)
    here = _home(homes, mark)
    if here is None:
        return set()
    ties = [_ends(merge, homes) for merge in merges if merge.id != without.id]
    together, before = {here}, 0
    while len(together) > before:
        before = len(together)
        together.update(*(tie for tie in ties if tie & together))
    return {known for known, home in homes.items() if home in together}


async def _merges(session: AsyncSession, hers: Sequence[int]) -> Sequence[MergeRecord]:
    found = await session.scalars(
        select(MergeRecord)
        .where(MergeRecord.state == "merged")
        .where(or_(MergeRecord.kept_id.in_(hers), MergeRecord.merged_id.in_(hers)))
        .order_by(MergeRecord.id)
    )
    return found.all()


def _homes(
    numbered: dict[int, Key], merges: Sequence[MergeRecord], customer_id: int
) -> dict[Key, int]:
    """The record that each id was first written down for."""
    found: dict[int, int] = {}
    for merge in merges:
        for (number,) in merge.moved["identity"]:
            found.setdefault(number, merge.merged_id)
    return {known: found.get(number, customer_id) for number, known in numbered.items()}


def _home(homes: dict[Key, int], known: Key) -> int | None:
    found = (homes[each] for each in same_person(known) if each in homes)
    by_value = (home for each, home in homes.items() if _same_openid(each, known))
    return next(found, None) or next(by_value, None)


def _same_openid(one: Key, other: Key) -> bool:
    return one.kind == other.kind == "openid" and one.value == other.value


def _ends(merge: MergeRecord, homes: dict[Key, int]) -> set[int]:
    """The two records whose ids showed that they are one."""
    proof = merge.moved["proof"]
    if proof is None:
        return {merge.kept_id, merge.merged_id}
    held = _home(homes, Key(*proof["shared"])) or merge.kept_id
    seen = _home(homes, Key(*proof["beside"])) if proof["beside"] else None
    return {held, seen or proof["claimer"]}
