"""Meeting a customer by any of her ids: found, made, or recognised as somebody we know already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import bindparam, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import phones
from bot.domain.customers import Customer, Identity, Secret
from bot.domain.mapping import Moment
from bot.domain.merging import Key, key
from bot.events import Buyer
from bot.store.customers import people
from bot.store.customers.holding import holders, is_
from bot.store.customers.owning import Sight, own
from bot.store.customers.recognising import Sighting, one_more, recognise, reconsider
from bot.store.engine import table_of
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
    await together(session, _back, {"its_kind": kind, "its_value": value, "its_at": at})


async def _back(session: AsyncSession, told: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    await session.execute(_RETURNED, told)
    return told


_id = table_of(Identity)
_AT = bindparam("its_at", type_=Moment)
_RETURNED = (
    update(_id)
    .where(
        _id.c.kind == bindparam("its_kind"),
        _id.c.value == bindparam("its_value"),
        or_(_id.c.stale_at.is_(None), _id.c.stale_at < _AT),
        _id.c.since < _AT,
    )
    .values(stale_at=None, since=_AT)
)


def _key(vault: Vault, kind: str, value: str, account: str) -> Key:
    if kind == "phone":
        return key(kind, vault.blind(phones.digits(value), about="phone"))
    return key(kind, value, account)


def _sight(vault: Vault, kind: str, value: str, at: datetime, seen: Seen) -> Sight:
    known = _key(vault, kind, value, seen.get("account", ""))
    return Sight(known, at, seen.get("evidence", ""), seen.get("beside"))


def _with_phone(kind: str, value: str, seen: Seen) -> Seen:
    return seen | {"phone": value} if kind == "phone" else seen


async def _make(session: AsyncSession, vault: Vault, sight: Sight) -> Customer:
    customer = await people.create(session, vault, sight.key, sight.at)
    if customer is not None:
        if (owned := await own(session, vault, customer.id, sight)) is not None:
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
    sight: Sight,
    known: Mapping[str, Customer],
) -> Customer:
    """Make the id hers, or find out that whoever holds it is she."""
    sighting = Sighting(sight.key, sight.at, sight.beside)
    owned = None
    if sight.key.kind not in known:
        owned = await own(session, vault, customer.id, sight)
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


async def _learn(
    session: AsyncSession, vault: Vault, customer: Customer, told: Sight, seen: Seen
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
