"""What of a person would stay together without some of the merges that made her."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Identity, MergeRecord
from bot.domain.merging import Key, same_person
from bot.store.family import surviving

Group = frozenset[int]


async def kin(session: AsyncSession, customer_ids: Collection[int]) -> dict[int, int]:
    """These records and all that stand for, or behind, the same people: each with who stands for it."""
    asked = select(Customer.id, Customer.merged_into).where(Customer.id.in_(customer_ids))
    roots = {into or each for each, into in await session.execute(asked)}
    behind = or_(Customer.id.in_(roots), Customer.merged_into.in_(roots))
    rows = await session.execute(select(Customer.id, Customer.merged_into).where(behind))
    return {each: into or each for each, into in rows}


async def merges_of(session: AsyncSession, records: Collection[int]) -> Sequence[MergeRecord]:
    found = await session.scalars(
        select(MergeRecord)
        .where(MergeRecord.state == "merged")
        .where(or_(MergeRecord.kept_id.in_(records), MergeRecord.merged_id.in_(records)))
        .order_by(MergeRecord.id)
    )
    return found.all()


@dataclass(frozen=True, slots=True)
class Homes:
    """The record with whose ids each id was first seen."""

    of: Mapping[Key, int]

    def home(self, known: Key) -> int | None:
        found = (self.of[each] for each in same_person(known) if each in self.of)
        by_value = (home for each, home in self.of.items() if _same_openid(each, known))
        return next(found, None) or next(by_value, None)

    def ends(self, record: MergeRecord) -> Group:
        """The two records whose ids showed that they are one."""
        proof = record.moved.get("proof")
        if not proof or proof["shared"] is None:
            return frozenset((record.kept_id, record.merged_id))
        held = self.home(Key(*proof["shared"])) or record.kept_id
        seen = self.home(Key(*proof["beside"])) if proof["beside"] else None
        return frozenset((held, seen or proof["claimer"]))


async def homes(
    session: AsyncSession, customer_ids: Collection[int], merges: Iterable[MergeRecord]
) -> Homes:
    moved: dict[int, int] = {}
    for merge in merges:
        for (number,) in merge.moved["identity"]:
            moved.setdefault(number, merge.merged_id)
    rows = await session.execute(
        select(
            Identity.id, Identity.home, Identity.customer_id,
            Identity.kind, Identity.value, Identity.account,
        ).where(Identity.customer_id.in_(customer_ids))
    )  # fmt: skip
    return Homes(
        {Key(*told): home or moved.get(number, holder) for number, home, holder, *told in rows}
    )


def tied(records: Iterable[int], ties: Iterable[Group]) -> dict[int, Group]:
    """The records that belong together by these ties."""
    together = {each: frozenset((each,)) for each in records}
    for tie in ties:
        whole = frozenset[int]().union(*(together.get(each, frozenset((each,))) for each in tie))
        together |= dict.fromkeys(whole, whole)
    return together


async def send_home(session: AsyncSession, *customer_ids: int) -> None:
    """Ids that were first seen with another record than the one that holds them now go where that one stands."""
    astray = select(Identity.id, Identity.home, Identity.customer_id).where(
        Identity.customer_id.in_(customer_ids), Identity.home != Identity.customer_id
    )
    for number, home, holder in (await session.execute(astray)).all():
        assert home is not None
        stands = await surviving(session, home)
        if stands != holder:
            await session.execute(
                update(Identity).where(Identity.id == number).values(customer_id=stands)
            )


def proof_of(**told: Any) -> dict[str, Any]:
    """What shows that two records are one, as it is kept beside their merge, or the question about them."""
    return {"shared": None, "beside": None, "claimer": None, "phone": None} | told


def _same_openid(one: Key, other: Key) -> bool:
    return one.kind == other.kind == "openid" and one.value == other.value
