"""Meeting a customer by any of her ids: found, made, or recognised as somebody we know already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, TypedDict, Unpack

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import phones
from bot.domain.customers import Customer, Identity, Secret
from bot.domain.merging import CONFIDENCE, Key, key, same_person
from bot.events import Buyer
from bot.store.customers import people
from bot.store.customers.merging import recognise
from bot.store.engine import upsert
from bot.store.family import stands_for
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


class _Sight(NamedTuple):
    """One id, seen at one moment, with what makes us believe it."""

    key: Key
    at: datetime
    evidence: str


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
    holders = await _holders(session, sight.key)
    if not holders:
        customer = await _make(session, vault, sight)
    else:
        customer = await _claim(session, vault, next(iter(holders.values())), sight, holders)
    return await _learn(session, vault, customer, at, _with_phone(kind, value, seen))


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
    holders = await _holders(session, sight.key)
    customer = await _claim(session, vault, customer, sight, holders)
    return await _learn(session, vault, customer, at, _with_phone(kind, value, seen))


async def meet_buyer(
    session: AsyncSession, vault: Vault, buyer: Buyer, *, at: datetime, source: str
) -> Customer | None:
    """Who an order says bought it, with every id that it carries; None when it carries none."""
    customer: Customer | None = None
    evidence = f"order:{source}"
    for kind in BUYER_KINDS:
        value: str = getattr(buyer, kind) or ""
        if not value or (kind == "phone" and not phones.digits(value)):
            continue
        seen: Seen = {"evidence": evidence, "account": source if kind == "buyer_id" else ""}
        if customer is None:
            customer = await meet(session, vault, kind=kind, value=value, at=at, **seen)
        else:
            customer = await attach(
                session, vault, customer, kind=kind, value=value, at=at, **seen
            )
    return customer


async def find(
    session: AsyncSession, vault: Vault, kind: str, value: str, account: str = ""
) -> Customer | None:
    holders = await _holders(session, _key(vault, kind, value, account))
    return next(iter(holders.values()), None)


async def gone(session: AsyncSession, *, kind: str, value: str, at: datetime) -> None:
    """This id reaches her no more, although it is still hers; older news than we have changes nothing."""
    await session.execute(
        update(Identity).where(_is(Key(kind, value)), Identity.since <= at).values(stale_at=at)
    )


async def back(session: AsyncSession, *, kind: str, value: str, at: datetime) -> None:
    """This id reaches her (again), unless it went stale after that moment."""
    fresh = or_(Identity.stale_at.is_(None), Identity.stale_at < at)
    await session.execute(
        update(Identity)
        .where(_is(Key(kind, value)), fresh, Identity.since < at)
        .values(stale_at=None, since=at)
    )


def _key(vault: Vault, kind: str, value: str, account: str) -> Key:
    if kind == "phone":
        return key(kind, vault.blind(phones.digits(value), about="phone"))
    return key(kind, value, account)


def _sight(vault: Vault, kind: str, value: str, at: datetime, seen: Seen) -> _Sight:
    known = _key(vault, kind, value, seen.get("account", ""))
    return _Sight(known, at, seen.get("evidence", ""))


def _with_phone(kind: str, value: str, seen: Seen) -> Seen:
    return seen | {"phone": value} if kind == "phone" else seen


def _is(known: Key) -> ColumnElement[bool]:
    same = and_(Identity.kind == known.kind, Identity.value == known.value)
    return same if known.kind == "openid" else and_(same, Identity.account == known.account)


async def _holders(session: AsyncSession, known: Key) -> dict[str, Customer]:
    """Whose id this is, by kind, the id's own kind first. Several people under it must be one."""
    keys = same_person(known)
    rows = await session.execute(
        select(Identity.kind, Customer)
        .join(Customer, Customer.id == Identity.customer_id)
        .where(or_(*map(_is, keys)))
    )
    found = {kind: await stands_for(session, holder) for kind, holder in rows}
    return {each.kind: found[each.kind] for each in keys if each.kind in found}


async def _make(session: AsyncSession, vault: Vault, sight: _Sight) -> Customer:
    customer = await people.create(session, vault, sight.key, sight.at)
    if customer is not None:
        if await _own(session, customer.id, sight):
            return customer
        await people.discard(session, vault, customer)
    # Another transaction met her while we did; its record stands.
    return (await _holders(session, sight.key))[sight.key.kind]


async def _claim(
    session: AsyncSession,
    vault: Vault,
    customer: Customer,
    sight: _Sight,
    holders: Mapping[str, Customer],
) -> Customer:
    """Make the id hers, or find out that whoever holds it is she."""
    if sight.key.kind not in holders and not await _own(session, customer.id, sight):
        holders = await _holders(session, sight.key)
    for holder in holders.values():
        if holder.id != customer.id:
            customer = await recognise(
                session, vault, customer, holder, shared=sight.key.kind, at=sight.at
            )
    return customer


async def _own(session: AsyncSession, customer_id: int, sight: _Sight) -> bool:
    """Write the id down as hers; False when it is somebody's already."""
    insert = upsert(session, Identity).values(
        customer_id=customer_id,
        **sight.key._asdict(),
        confidence=CONFIDENCE.get(sight.key.kind, 1.0),
        evidence=sight.evidence,
        since=sight.at,
    )
    made = await session.scalars(insert.on_conflict_do_nothing().returning(Identity.id))
    return made.first() is not None


async def _learn(
    session: AsyncSession, vault: Vault, customer: Customer, at: datetime, seen: Seen
) -> Customer:
    """Fill in a name and a phone number that came with the id."""
    name, phone = seen.get("name"), phones.digits(seen.get("phone") or "")
    if not name and not phone:
        return customer
    await vault.load_keys(session, [customer.id])
    secret = await session.get_one(Secret, customer.id, populate_existing=True)
    if name and secret.name is None:
        await people.rename(session, vault, customer.id, name)
    if phone and secret.phone is None:
        await people.keep_phone(session, vault, customer.id, phone)
    if phone:
        sight = _sight(vault, "phone", phone, at, seen)
        holders = await _holders(session, sight.key)
        customer = await _claim(session, vault, customer, sight, holders)
    return customer
