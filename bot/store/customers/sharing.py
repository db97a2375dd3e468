"""One phone and all who were seen with it: who of them are one is decided anew with everything that is learned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, MergeRecord, Secret
from bot.domain.merging import NAME, PHONE, Key
from bot.domain.phone_sharing import Claim, Pair, persons
from bot.store.customers.holding import holders
from bot.store.customers.merging import elder_first, join, proven_pair, undo
from bot.store.customers.parts import Group, Homes, homes, kin, merges_of, proof_of, tied
from bot.store.customers.people import NAME as SEALED_NAME
from bot.store.customers.questions import ANSWERED_NO, SYSTEM, agreed, reason_of
from bot.store.vault import Vault

SOFT = frozenset({PHONE, NAME})
Groups = Sequence[frozenset[int]]


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everybody who was seen with the phone, and what was said and done about them."""

    phone: Key
    people: dict[int, int]
    records: Sequence[MergeRecord]
    homes: Homes
    together: dict[int, Group]
    """Records that are one by more than this phone."""
    claimants: Sequence[Group]
    claims: Sequence[Claim]

    def about(self, *states: str) -> Iterable[tuple[MergeRecord, Group]]:
        """Records of these states with the places of those claimants whom they are about."""
        place = {each: n for n, group in enumerate(self.claimants) for each in group}
        for record in self.records:
            ends = frozenset(place[each] for each in self.homes.ends(record) if each in place)
            if record.state in states and len(ends) == 2:
                yield record, ends

    def mark(self, claimant: int) -> Key:
        """An id by which to find a claimant."""
        return min(self.claims[claimant].keys, key=lambda each: (each.kind == PHONE, each))


def soft(record: MergeRecord) -> bool:
    """A merge of ours that rests on a phone, or on a phone and a name."""
    facts = agreed(record.reason)
    return PHONE in facts and facts <= SOFT and record.by == SYSTEM


def phone_of(record: MergeRecord) -> Key | None:
    proof = record.moved.get("proof")
    return Key(*proof[PHONE]) if proof and proof.get(PHONE) else None


async def phones_about(session: AsyncSession, records: Collection[int]) -> set[Key]:
    """The phones whose owners may have to be settled anew when something is learned about these."""
    return {
        phone
        for record in await _touching(session, records)
        if record.state in ("proposed", "merged") and (phone := phone_of(record))
    }


async def settle(session: AsyncSession, vault: Vault, phone: Key, at: datetime) -> None:
    """Make of those who were seen with this phone the persons that they are by all that is known."""
    scene = await _look(session, vault, phone)
    if scene is None:
        return
    groups = _persons(scene)
    for record, ends in list(scene.about("merged")):
        if soft(record) and not any(ends <= group for group in groups):
            await take_back(session, vault, record, at)
    for group in groups:
        await _unite(session, vault, scene, sorted(group), at)


async def loosen(
    session: AsyncSession, vault: Vault, records: Collection[int], at: datetime
) -> set[Key]:
    """Take back whatever rests on phones about these, before better evidence is weighed; returns those phones."""
    people = await kin(session, records)
    loose = [record for record in await merges_of(session, people) if soft(record)]
    for record in reversed(loose):
        await take_back(session, vault, record, at)
    return {phone for record in loose if (phone := phone_of(record))}


async def take_back(
    session: AsyncSession, vault: Vault, record: MergeRecord, at: datetime
) -> None:
    """Both stay in the queue as a question."""
    if record.state != "merged":
        return  # another one that was taken back made it void
    proof = record.moved["proof"]
    await undo(session, vault, record, by=SYSTEM, at=at)
    kept, merged = await proven_pair(session, record)
    record.kept_id, record.merged_id, record.moved = kept.id, merged.id, {"proof": proof}
    record.state = "proposed" if kept.id != merged.id else "answered"
    await session.flush()


async def _unite(
    session: AsyncSession, vault: Vault, scene: _Scene, group: Sequence[int], at: datetime
) -> None:
    first, *others = (scene.mark(each) for each in group)
    for n, other in zip(group[1:], others, strict=True):
        one, two = [await _holder(session, each) for each in (first, other)]
        if one.id == two.id:
            continue
        facts = {PHONE} | _agreed(scene).get(frozenset((group[0], n)), set())
        if scene.claims[group[0]].names & scene.claims[n].names:
            facts.add(NAME)
        kept, merged = elder_first(one, two)
        proof = proof_of(shared=first, beside=other, claimer=two.id, phone=scene.phone)
        await join(
            session, vault, kept=kept, merged=merged, reason=reason_of(facts), at=at, proof=proof
        )


async def _holder(session: AsyncSession, known: Key) -> Customer:
    return next(iter((await holders(session, known)).values()))


def _persons(scene: _Scene) -> Groups:
    denied = [ends for _, ends in scene.about(*ANSWERED_NO)]
    return persons(scene.claims, agreed=_agreed(scene), denied=denied)


def _agreed(scene: _Scene) -> dict[Pair, set[str]]:
    """In what else than the phone two claimants were seen to agree."""
    found: dict[Pair, set[str]] = {}
    for record, ends in scene.about("proposed", "answered", "merged"):
        found.setdefault(ends, set()).update(agreed(record.reason) - SOFT)
    return found


async def _look(session: AsyncSession, vault: Vault, phone: Key) -> _Scene | None:
    holder = await holders(session, phone)
    if not holder:
        return None
    people, records = await _circle(session, next(iter(holder.values())).id)
    merges = [each for each in records if each.state == "merged"]
    whose = await homes(session, set(people.values()), merges)
    firm = [whose.ends(r) for r in merges if not (soft(r) and phone_of(r) == phone)]
    together = tied(people, firm)
    seen = {whose.home(phone)}
    for record in records:
        if phone_of(record) == phone:
            seen |= whose.ends(record)
    keys: dict[Group, set[Key]] = {}
    for known, home in whose.of.items():
        keys.setdefault(together[home], set()).add(known)
    claimants = sorted({together[each] for each in seen if each in together} & set(keys), key=min)
    names = await _names(session, vault, people, merges)
    claims = [
        Claim(frozenset(keys[group]), frozenset(names[each] for each in group if each in names))
        for group in claimants
    ]
    return _Scene(phone, people, records, whose, together, claimants, claims)


async def _circle(
    session: AsyncSession, customer_id: int
) -> tuple[dict[int, int], Sequence[MergeRecord]]:
    """Everybody whom merges, and questions about phones, connect with this one."""
    people = await kin(session, [customer_id])
    while True:
        records = await _touching(session, people)
        about = [each for each in records if PHONE in agreed(each.reason)]
        more = {i for each in about for i in (each.kept_id, each.merged_id)} - people.keys()
        if not more:
            return people, records
        people |= await kin(session, more)


async def _touching(session: AsyncSession, records: Collection[int]) -> Sequence[MergeRecord]:
    return (await session.scalars(_TOUCHING, {"records": list(records)})).all()


_records: BindParameter[int] = bindparam("records", expanding=True)
# Asked for every new id of a customer: built once.
_TOUCHING = (
    select(MergeRecord)
    .where(or_(MergeRecord.kept_id.in_(_records), MergeRecord.merged_id.in_(_records)))
    .order_by(MergeRecord.id)
)


async def _names(
    session: AsyncSession, vault: Vault, people: Collection[int], merges: Iterable[MergeRecord]
) -> dict[int, str]:
    """Each record's own, not one that came to it by a merge."""
    lent = {merge.kept_id for merge in merges if "name" in merge.moved["secret"]}
    own = [each for each in people if each not in lent]
    query = select(Secret.customer_id, Secret.name).where(Secret.name.is_not(None))
    rows = (await session.execute(query.where(Secret.customer_id.in_(own)))).all()
    await vault.load_keys(session, [customer_id for customer_id, _ in rows])
    return {
        customer_id: vault.unseal_known(customer_id, sealed, about=SEALED_NAME)
        for customer_id, sealed in rows
        if sealed is not None
    }
