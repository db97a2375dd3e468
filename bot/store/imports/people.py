"""Finding or making thousands of customers at once, under the same rules as one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import phones
from bot.domain.customers import Customer, Identity, Secret
from bot.domain.imports import Person, PersonRow
from bot.domain.mapping import Row
from bot.domain.merging import CONFIDENCE, Key, key
from bot.store import bulk, consent, customers
from bot.store.engine import dialect_of, table_of
from bot.store.vault import Vault

PART = 5_000
SEALED = ("name", "phone", "birthday", "address")


@dataclass(slots=True)
class Met:
    """Whom the rows belong to, and how many of them are new."""

    ids: list[int]
    new: int
    fresh: frozenset[int] = frozenset()
    """Those of them who were made just now."""


@dataclass(slots=True)
class _Crowd:
    """People by their keys, those to be made, and those whose keys point to several people."""

    owner: dict[Key, int]
    made: list[tuple[Key, ...]] = field(default_factory=list)
    slots: list[int | None] = field(default_factory=list)
    """Per person: an index into `made`, or None."""


async def meet_many(
    session: AsyncSession, vault: Vault, people: Sequence[Person], *, source: str, at: datetime
) -> Met:
    """One customer per person. Only those whose ids are partly known or point apart are met singly."""
    each: dict[Person, int] = {}
    places = [each.setdefault(person, len(each)) for person in people]
    met = await _meet_each(session, vault, list(each), source=source, at=at)
    return Met([met.ids[place] for place in places], met.new, met.fresh)


async def _meet_each(
    session: AsyncSession, vault: Vault, people: Sequence[Person], *, source: str, at: datetime
) -> Met:
    known: dict[tuple[tuple[str, str], ...], tuple[Key, ...]] = {}
    for person in people:
        if person.ids not in known:
            known[person.ids] = _keys(vault, person, source)
    keyed = [known[person.ids] for person in people]
    crowd = _Crowd(await _owners(session, {each for keys in keyed for each in keys}))
    pending: dict[Key, int] = {}
    for keys in keyed:
        crowd.slots.append(_slot(crowd, pending, keys))
    fresh = await _make(session, vault, crowd.made, source=source, at=at)
    crowd.owner |= {k: fresh[slot] for slot, keys in enumerate(crowd.made) for k in keys}
    found = []
    for person, keys in zip(people, keyed, strict=True):
        first = crowd.owner.get(keys[0])
        if first is not None and all(crowd.owner.get(each) == first for each in keys[1:]):
            found.append(first)
        else:
            found.append(await _meet_one(session, vault, person, source=source, at=at))
            crowd.owner |= await _owners(session, keys)
    await _seal_new(session, vault, zip(found, people, strict=True))
    return Met(found, len(fresh), frozenset(fresh))


def _slot(crowd: _Crowd, pending: dict[Key, int], keys: tuple[Key, ...]) -> int | None:
    """Make this person only if none of her keys is known or about to be."""
    if any(each in crowd.owner or each in pending for each in keys):
        return None
    crowd.made.append(keys)
    pending.update(dict.fromkeys(keys, len(crowd.made) - 1))
    return len(crowd.made) - 1


def _keys(vault: Vault, person: Person, source: str) -> tuple[Key, ...]:
    return tuple(
        key(kind, vault.blind(phones.digits(value)))
        if kind == "phone"
        else key(kind, value, source if kind == "buyer_id" else "")
        for kind, value in person.ids
    )


async def _owners(session: AsyncSession, keys: Iterable[Key]) -> dict[Key, int]:
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in keys:
        values[each.kind, each.account].append(each.value)
    query, found = _holders(dialect_of(session)), dict[Key, int]()
    for (kind, account), wanted in values.items():
        asked = {"kind": kind, "account": account, "wanted": wanted}
        for value, customer_id in await session.execute(query, asked):
            found[Key(kind, value, account)] = customer_id
    return found


@cache
def _holders(dialect: str) -> Select[str, int]:
    return select(Identity.value, Identity.customer_id).where(
        Identity.kind == bindparam("kind"),
        Identity.account == bindparam("account"),
        bulk.among(dialect, Identity.value, "wanted"),
    )


@cache
def _numbers(dialect: str) -> Select[str, int]:
    return select(Customer.ref, Customer.id).where(bulk.among(dialect, Customer.ref, "refs"))


async def _make(
    session: AsyncSession,
    vault: Vault,
    made: Sequence[tuple[Key, ...]],
    *,
    source: str,
    at: datetime,
) -> list[int]:
    """Customers with these keys; who was met by another transaction meanwhile is met as that one."""
    if not made:
        return []
    stamp, since = at.isoformat(), bulk.moment(at)
    refs = [vault.blind("|".join((*keys[0], stamp)), about="customer.ref")[:20] for keys in made]
    columns = {"ref": refs, "created_at": [since] * len(refs)}
    await bulk.append(session, Customer, columns)
    found = await session.execute(_numbers(dialect_of(session)), {"refs": refs})
    known = dict(found.all())
    ids = [known[ref] for ref in refs]
    each = [one for keys in made for one in keys]
    owners = [owner for owner, keys in zip(ids, made, strict=True) for _ in keys]
    told = bulk.columns_of(Key._fields, each)
    told |= {"customer_id": owners, "home": owners}
    told["confidence"] = [CONFIDENCE.get(kind, 1.0) for kind in told["kind"]]
    same = {"since": since, "evidence": f"import:{source}"}
    told |= {name: [value] * len(each) for name, value in same.items()}
    await bulk.append(session, Identity, told)
    await _stay_nobody(session, vault, zip(owners, each, strict=True), at)
    return ids


async def _stay_nobody(
    session: AsyncSession, vault: Vault, made: Iterable[tuple[int, Key]], at: datetime
) -> None:
    """Who was erased does not come to life again by standing in a file."""
    if not await consent.anybody_suppressed(session):
        return
    hashes = {consent.hash_of(vault, each.kind, each.value): one for one, each in made}
    known = await consent.erased(session, hashes)
    if known:
        these = Customer.id.in_({hashes[one] for one in known})
        await session.execute(update(Customer).where(these).values(erased_at=at))


async def _meet_one(
    session: AsyncSession, vault: Vault, person: Person, *, source: str, at: datetime
) -> int:
    customer = await customers.meet_by(
        session,
        vault,
        person.ids,
        at=at,
        source=source,
        evidence=f"import:{source}",
        name=person.name or None,
    )
    if customer is None:
        raise ValueError("a person without any id")
    return customer.id


async def _seal_new(
    session: AsyncSession, vault: Vault, met: Iterable[tuple[int, Person]]
) -> None:
    """Names and phones, sealed, where we have none yet."""
    told: dict[int, dict[str, str]] = {}
    for customer_id, person in met:
        if not person.name and all(kind != "phone" for kind, _ in person.ids):
            continue
        phone = phones.digits(dict(person.ids).get("phone", ""))
        facts = {"name": person.name, "phone": phone}
        if given := {name: value for name, value in facts.items() if value}:
            told[customer_id] = given | told.get(customer_id, {})
    await seal_missing(session, vault, told)


async def seal_missing(
    session: AsyncSession, vault: Vault, told: dict[int, dict[str, str]]
) -> None:
    """Fill empty sealed columns; what is known already stays, and who was erased stays nobody."""
    ids = sorted(told.keys() - await erased(session, list(told)))
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        await vault.load_keys(session, part)
        columns = [getattr(Secret, name).is_not(None) for name in SEALED]
        query = select(Secret.customer_id, *columns).where(Secret.customer_id.in_(part))
        rows = defaultdict(list)
        for customer_id, *filled in await session.execute(query):
            known = {name for name, there in zip(SEALED, filled, strict=True) if there}
            sealed = {
                name: vault.seal_known(customer_id, value, about=f"secret.{name}")
                for name, value in told[customer_id].items()
                if name not in known
            }
            rows[tuple(sealed)].append({"customer_id": customer_id} | sealed)
            vault.forget(customer_id)
        for changes in rows.values():
            await update_rows(session, Secret, changes)


async def update_rows(
    session: AsyncSession, entity: type[Row], changes: Sequence[dict[str, Any]]
) -> None:
    """Rows by their primary key, all with the same columns. The ORM would send them one by one."""
    table = table_of(entity)
    key = next(iter(table.primary_key.columns))
    names = [name for name in (changes[0] if changes else {}) if name != key.name]
    if not names:
        return
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    statement = update(table).where(key == bindparam("this")).values(values)
    rows = [{"this": c[key.name]} | {f"new_{name}": c[name] for name in names} for c in changes]
    await (await session.connection()).execute(statement, rows)


async def erased(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    """Those of them who are nobody: a file is no act of theirs."""
    found = set[int]()
    for start in range(0, len(ids), PART):
        these = Customer.id.in_(ids[start : start + PART])
        query = select(Customer.id).where(Customer.erased_at.is_not(None), these)
        found |= set(await session.scalars(query))
    return found


async def update_people(
    session: AsyncSession, vault: Vault, rows: Sequence[PersonRow], ids: Sequence[int]
) -> None:
    """Profiles: gender, birthday, region and address, where the file tells them."""
    plain: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    sealed: dict[int, dict[str, str]] = {}
    nobody = await erased(session, sorted(set(ids)))
    for customer_id, row in zip(ids, rows, strict=True):
        if customer_id in nobody:
            continue
        month, day = row.birthday or (None, "")
        facts = {"gender": row.gender, "region": row.region, "birthday_month": month}
        given = {name: value for name, value in facts.items() if value}
        if given:
            plain[tuple(given)].append({"id": customer_id} | given)
        if secret := {n: v for n, v in (("birthday", day), ("address", row.address)) if v}:
            sealed[customer_id] = secret
    for changes in plain.values():
        await update_rows(session, Customer, changes)
    await seal_missing(session, vault, sealed)
