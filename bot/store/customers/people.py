"""Names and addresses of a customer, and bringing the row of one into being."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Identity, Secret
from bot.domain.merging import Key
from bot.store import bulk
from bot.store.adding import add_new
from bot.store.engine import dialect_of
from bot.store.family import stands_for
from bot.store.together import together
from bot.store.vault import Vault

NAME = "secret.name"
PHONE = "secret.phone"


async def create(session: AsyncSession, vault: Vault, first: Key, at: datetime) -> Customer | None:
    """A new record, with a key of its own before anything is sealed for it.
    None when another transaction made it out of the same news a moment ago."""
    return await together(session, _create, _Newcomer(vault, first, at))


class _Newcomer(NamedTuple):
    vault: Vault
    first: Key
    at: datetime

    @property
    def ref(self) -> str:
        said = "|".join((*self.first, self.at.isoformat()))
        return self.vault.blind(said, about="customer.ref")[:20]


async def _create(session: AsyncSession, new: Sequence[_Newcomer]) -> list[Customer | None]:
    refs = [each.ref for each in new]
    rows = [{"ref": ref, "created_at": each.at} for ref, each in zip(refs, new, strict=True)]
    ids = dict(await add_new(session, Customer, rows, returning=("ref", "id")))
    asked = {"ids": list(ids.values())}
    found = await session.scalars(_customers(dialect_of(session)), asked)
    made = {customer.ref: customer for customer in found}
    keys = {ids[ref]: each.vault for ref, each in zip(refs, new, strict=True) if ref in ids}
    wrapped = [vault.new_key(customer_id) for customer_id, vault in keys.items()]
    if keys:
        columns = {"customer_id": list(keys), "wrapped_key": wrapped}
        await bulk.append(session, Secret, columns)
    # Who asks for the same once more comes too late.
    return [made.pop(ref, None) for ref in refs]


@cache
def _customers(dialect: str) -> Select[Customer]:
    return select(Customer).where(bulk.among(dialect, Customer.id, "ids"))


async def get(session: AsyncSession, customer_id: int) -> Customer | None:
    """The record of this number, whoever stands for her now."""
    return await together(session, _get, customer_id)


async def _get(session: AsyncSession, ids: Sequence[int]) -> list[Customer | None]:
    found = await session.scalars(_customers(dialect_of(session)), {"ids": list(ids)})
    known = {customer.id: customer for customer in found}
    return [known.get(customer_id) for customer_id in ids]


async def by_ref(session: AsyncSession, ref: str) -> Customer | None:
    """By public ref: whoever stands for her now; nobody once she is erased."""
    known = Customer.ref == ref, Customer.erased_at.is_(None)
    found = (await session.scalars(select(Customer).where(*known))).first()
    return None if found is None else await stands_for(session, found)


async def count_of(session: AsyncSession) -> int:
    """People, each once, whoever is erased left out."""
    living = Customer.merged_into.is_(None), Customer.erased_at.is_(None)
    return await session.scalar(select(func.count(Customer.id)).where(*living)) or 0


async def discard(session: AsyncSession, vault: Vault, customer: Customer) -> None:
    """Undo `create`: another transaction met the same person first."""
    secret = await session.get_one(Secret, customer.id)
    await session.delete(secret)
    await session.flush()
    await session.delete(customer)
    await session.flush()
    vault.forget(customer.id)


_NAME = select(Secret.name).where(Secret.customer_id == bindparam("whose"))


async def name_of(session: AsyncSession, vault: Vault, customer_id: int) -> str:
    """Empty when nobody ever told."""
    sealed = await session.scalar(_NAME, {"whose": customer_id})
    if sealed is None:
        return ""
    return await vault.unseal_for(session, customer_id, sealed, about=NAME)


async def rename(session: AsyncSession, vault: Vault, customer_id: int, name: str) -> None:
    sealed = await vault.seal_for(session, customer_id, name, about=NAME)
    await _keep(session, customer_id, name=sealed)


async def keep_phone(session: AsyncSession, vault: Vault, customer_id: int, phone: str) -> None:
    sealed = await vault.seal_for(session, customer_id, phone, about=PHONE)
    await _keep(session, customer_id, phone=sealed)


async def _keep(session: AsyncSession, customer_id: int, **sealed: bytes) -> None:
    living = select(Customer.id).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    hers = Secret.customer_id == living.scalar_subquery()
    await session.execute(update(Secret).where(hers).values(**sealed))


async def become_nobody(session: AsyncSession, customer: Customer, at: datetime) -> None:
    """An id of somebody who was erased came again: nothing that names her stays with it."""
    customer.erased_at = at
    named = {"name": None, "phone": None, "birthday": None, "address": None}
    await session.execute(update(Secret).where(Secret.customer_id == customer.id).values(**named))
    await session.flush()


async def addresses(session: AsyncSession, customer_id: int, kind: str) -> Sequence[Identity]:
    """Where she can be reached by ids of this kind, the newest first; ids that went stale are left out."""
    found = await session.scalars(
        select(Identity)
        .where(Identity.customer_id == customer_id, Identity.kind == kind)
        .where(Identity.stale_at.is_(None))
        .order_by(Identity.since.desc(), Identity.id.desc())
    )
    return found.all()
