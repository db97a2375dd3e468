"""Meeting a customer by any of her ids: found, made, or recognised as somebody we know already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypedDict, Unpack

from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import phones
from bot.domain.consent import Suppression
from bot.domain.customers import Customer, Identity, Secret
from bot.domain.merging import CONFIDENCE, Key, key
from bot.events import Buyer
from bot.store.adding import add_new
from bot.store.bulk import among
from bot.store.consent.suppressing import ERASED, hash_of
from bot.store.customers import people
from bot.store.customers.holding import holders, is_
from bot.store.customers.recognising import Sighting, one_more, recognise, reconsider
from bot.store.engine import dialect_of
from bot.store.together import together
from bot.store.vault import Vault

BUYER_KINDS = ("unionid", "external_userid", "openid", "member_no", "buyer_id", "phone")
"""The ids an order may carry, the most telling first."""


class Seen(TypedDict, total=False):
    """What came with an id."""

    account: str
    evidence: str
    name: str | None
    """Kept when we have none yet; `rename` replaces one."""
    phone: str | None
    """In clear; blinded and sealed here."""
    beside: Key | None
    """Another id that came in the same news."""


class _Sight(NamedTuple):
    """One id, seen at one moment, with what makes us believe it."""

    key: Key
    at: datetime
    evidence: str
    beside: Key | None


async def meet(
    session: AsyncSession,
    vault: Vault,
    *,
    kind: str,
    value: str,
    at: datetime,
    **seen: Unpack[Seen],
) -> Customer:
    """The customer with this id, made if there is none. A phone is given in clear."""
    sight = _sight(vault, kind, value, at, seen)
    known = await holders(session, sight.key)
    if not known:
        customer = await _make(session, vault, sight)
    else:
        customer = await _claim(session, vault, next(iter(known.values())), sight, known)
    return await _learn(session, vault, customer, sight, _with_phone(kind, value, seen))


async def attach(
    session: AsyncSession,
    vault: Vault,
    customer: Customer,
    *,
    kind: str,
    value: str,
    at: datetime,
    **seen: Unpack[Seen],
) -> Customer:
    """One more id of a customer. Returns who stands for her now: the id may have been another record's."""
    sight = _sight(vault, kind, value, at, seen)
    known = await holders(session, sight.key)
    customer = await _claim(session, vault, customer, sight, known)
    return await _learn(session, vault, customer, sight, _with_phone(kind, value, seen))


async def meet_buyer(
    session: AsyncSession, vault: Vault, buyer: Buyer, *, at: datetime, source: str
) -> Customer | None:
    """Who an order says bought it, with every id that it carries; None when it carries none, or she was erased."""
    told = [(kind, getattr(buyer, kind) or "") for kind in BUYER_KINDS]
    ids = [(kind, v) for kind, v in told if v and (kind != "phone" or phones.digits(v))]
    met = await meet_by(session, vault, ids, at=at, source=source, evidence=f"order:{source}")
    return None if met is None or met.erased_at is not None else met


async def meet_by(
    session: AsyncSession,
    vault: Vault,
    ids: Sequence[tuple[str, str]],
    *,
    at: datetime,
    source: str,
    evidence: str,
    name: str | None = None,
) -> Customer | None:
    """One person by several ids, the most telling first."""
    customer: Customer | None = None
    first: Key | None = None
    for kind, value in ids:
        account = source if kind == "buyer_id" else ""
        seen: Seen = {"evidence": evidence, "account": account, "beside": first}
        if customer is None:
            seen["name"] = name
            customer = await meet(session, vault, kind=kind, value=value, at=at, **seen)
            first = _key(vault, kind, value, account)
        else:
            customer = await attach(
                session, vault, customer, kind=kind, value=value, at=at, **seen
            )
    return customer


async def find(
    session: AsyncSession, vault: Vault, kind: str, value: str, account: str = ""
) -> Customer | None:
    known = await holders(session, _key(vault, kind, value, account))
    return next(iter(known.values()), None)


async def gone(session: AsyncSession, *, kind: str, value: str, at: datetime) -> None:
    """This id reaches her no more, although it is still hers; older news than we have changes nothing."""
    later = or_(Identity.stale_at.is_(None), Identity.stale_at < at)
    await session.execute(
        update(Identity)
        .where(is_(Key(kind, value)), later, Identity.since <= at)
        .values(stale_at=at)
    )


async def back(session: AsyncSession, *, kind: str, value: str, at: datetime) -> None:
    """This id reaches her (again), unless it went stale after that moment."""
    fresh = or_(Identity.stale_at.is_(None), Identity.stale_at < at)
    await session.execute(
        update(Identity)
        .where(is_(Key(kind, value)), fresh, Identity.since < at)
        .values(stale_at=None, since=at)
    )


def _key(vault: Vault, kind: str, value: str, account: str) -> Key:
    if kind == "phone":
        return key(kind, vault.blind(phones.digits(value), about="phone"))
    return key(kind, value, account)


def _sight(vault: Vault, kind: str, value: str, at: datetime, seen: Seen) -> _Sight:
    known = _key(vault, kind, value, seen.get("account", ""))
    return _Sight(known, at, seen.get("evidence", ""), seen.get("beside"))


def _with_phone(kind: str, value: str, seen: Seen) -> Seen:
    return seen | {"phone": value} if kind == "phone" else seen


async def _make(session: AsyncSession, vault: Vault, sight: _Sight) -> Customer:
    customer = await people.create(session, vault, sight.key, sight.at)
    if customer is not None:
        if (owned := await _own(session, vault, customer.id, sight)) is not None:
            if owned.erased_at is not None:
                await people.become_nobody(session, customer, owned.erased_at)
            return customer
        await people.discard(session, vault, customer)
    # Another transaction met her while we did; its record stands.
    return (await holders(session, sight.key))[sight.key.kind]


async def _claim(
    session: AsyncSession,
    vault: Vault,
    customer: Customer,
    sight: _Sight,
    known: Mapping[str, Customer],
) -> Customer:
    """Make the id hers, or find out that whoever holds it is she."""
    sighting = Sighting(sight.key, sight.at, sight.beside)
    owned = None
    if sight.key.kind not in known:
        owned = await _own(session, vault, customer.id, sight)
    if owned is not None:
        if owned.erased_at is not None and customer.created_at == sight.at:
            await people.become_nobody(session, customer, owned.erased_at)
        customer = await one_more(session, vault, customer, sighting)
    elif sight.key.kind not in known:
        known = await holders(session, sight.key)
    for holder in known.values():
        if holder.id != customer.id:
            customer = await recognise(session, vault, customer, holder, sighting)
    return customer


class _Owned(NamedTuple):
    id: int
    erased_at: datetime | None
    """When whoever had this id before was erased."""


class _Claimed(NamedTuple):
    customer_id: int
    sight: _Sight
    hash: str


async def _own(
    session: AsyncSession, vault: Vault, customer_id: int, sight: _Sight
) -> _Owned | None:
    """Write the id down as hers; None when it is somebody's already."""
    before = hash_of(vault, sight.key.kind, sight.key.value)
    return await together(session, _own_many, _Claimed(customer_id, sight, before))


async def _own_many(session: AsyncSession, claimed: Sequence[_Claimed]) -> Sequence[_Owned | None]:
    hashes = {"hashes": [each.hash for each in claimed]}
    erased = dict((await session.execute(_erased(dialect_of(session)), hashes)).all())
    homes = await _homes(session, {each.sight.beside for each in claimed if each.sight.beside})
    rows = [_identity(each, homes) for each in claimed]
    written = await add_new(session, Identity, rows, returning=("id", *Key._fields))
    ids = {Key(*key): number for number, *key in written}
    # Who claims the same once more comes too late.
    return [
        None if (number := ids.pop(each.sight.key, None)) is None
        else _Owned(number, erased.get(each.hash))
        for each in claimed
    ]  # fmt: skip


async def _homes(session: AsyncSession, besides: Collection[Key]) -> dict[Key, int]:
    if not besides:
        return {}
    kinds, values = {each.kind for each in besides}, {each.value for each in besides}
    named = {"kinds": sorted(kinds), "values": sorted(values)}
    return {Key(*key): home for home, *key in await session.execute(_HOMES, named) if home}


def _identity(claimed: _Claimed, homes: Mapping[Key, int]) -> dict[str, Any]:
    """Its home is that of the id beside which it came: the record that holds both may be two people's."""
    customer_id, sight, _ = claimed
    return {
        "customer_id": customer_id,
        **sight.key._asdict(),
        "confidence": CONFIDENCE.get(sight.key.kind, 1.0),
        "evidence": sight.evidence,
        "since": sight.at,
        "home": homes.get(sight.beside or sight.key, customer_id),
    }


_KEY = [getattr(Identity, name) for name in Key._fields]
_HOMES = select(Identity.home, *_KEY).where(
    Identity.kind.in_(bindparam("kinds", expanding=True)),
    Identity.value.in_(bindparam("values", expanding=True)),
)


@cache
def _erased(dialect: str) -> Select[str, datetime]:
    asked = among(dialect, Suppression.hash, "hashes")
    return select(Suppression.hash, Suppression.at).where(asked, Suppression.reason == ERASED)


async def _learn(
    session: AsyncSession, vault: Vault, customer: Customer, told: _Sight, seen: Seen
) -> Customer:
    """Fill in a name and a phone number that came with the id."""
    name, phone = seen.get("name"), phones.digits(seen.get("phone") or "")
    if (not name and not phone) or customer.erased_at is not None:
        return customer
    await vault.load_keys(session, [customer.id])
    secret = await session.get_one(Secret, customer.id, populate_existing=True)
    if name and secret.name is None:
        await people.rename(session, vault, customer.id, name)
        customer = await reconsider(session, vault, customer, told.at)
    if phone and secret.phone is None:
        await people.keep_phone(session, vault, customer.id, phone)
    if phone:
        beside = told.key if told.key.kind != "phone" else told.beside
        sight = _sight(vault, "phone", phone, told.at, seen)._replace(beside=beside)
        known = await holders(session, sight.key)
        customer = await _claim(session, vault, customer, sight, known)
    return customer
