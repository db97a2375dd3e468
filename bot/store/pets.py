"""Pets' birthdays: kept while their owner lets us know her, and told to the journeys in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, String, cast, delete, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.pets import MOST, Pet, kept_on
from bot.domain.refusals import Refusal
from bot.store.engine import upsert
from bot.store.family import family, surviving


async def keep(
    session: AsyncSession, *, customer_id: int, kind: str, day: str, now: datetime
) -> None:
    """Raises Refusal many_pets."""
    hers = await surviving(session, customer_id)
    if len(await of(session, hers)) >= MOST:
        raise Refusal("many_pets", "最多记 5 个小伙伴的生日，先删掉一个")
    row = upsert(session, Pet).values(customer_id=hers, kind=kind, day=day, since=now)
    await session.execute(row.on_conflict_do_nothing())


async def of(session: AsyncSession, customer_id: int) -> Sequence[Pet]:
    hers = Pet.customer_id.in_(await family(session, customer_id))
    return (await session.scalars(select(Pet).where(hers).order_by(Pet.id))).all()


async def forget(session: AsyncSession, customer_id: int, pet_id: int) -> None:
    hers = Pet.customer_id.in_(await family(session, customer_id))
    await session.execute(delete(Pet).where(Pet.id == pet_id, hers))


def born_on(day: date) -> Select[*tuple[Any, ...]]:
    """Owners of whoever has a birthday on this day, once each and year."""
    first = func.min(Pet.id)
    return (
        select(Pet.customer_id, literal("pet:").concat(cast(first, String)).concat(f":{day.year}"))
        .join(Customer, Customer.id == Pet.customer_id)
        .where(Pet.day.in_(kept_on(day)), Customer.merged_into.is_(None))
        .group_by(Pet.customer_id)
    )
