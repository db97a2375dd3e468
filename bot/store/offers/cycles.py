"""定期购: an offer that comes again every so many days until she stops it; one time may be skipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Cycle, Offer
from bot.domain.refusals import Refusal
from bot.store.engine import upsert
from bot.store.family import family, surviving
from bot.store.offers.issuing import issue

NONE = "没有这项定期购，或者已经停了"


class Cycling(NamedTuple):
    offer: Offer
    hers: Cycle | None
    """Hers while it runs."""


async def cycle_offers(session: AsyncSession, customer_id: int, now: datetime) -> list[Cycling]:
    """What may be had again and again, and whether she does; what she has stays in sight after its end."""
    hers = await family(session, await surviving(session, customer_id))
    mine = and_(Cycle.offer_id == Offer.id, Cycle.customer_id.in_(hers), Cycle.state == "active")
    goes_on = and_(Offer.state == "active", Offer.starts_at <= now, Offer.ends_at > now)
    query = (
        select(Offer, Cycle)
        .outerjoin(Cycle, mine)
        .where(Offer.cycle_days > 0, goes_on | Cycle.id.is_not(None))
        .order_by(Offer.id)
    )
    return [Cycling(offer, cycle) for offer, cycle in await session.execute(query)]


async def begin(
    session: AsyncSession, *, offer_key: str, customer_id: int, now: datetime
) -> Cycle:
    """The first one comes at once. Refused as unknown_offer, in_cycle, and as offers refuse."""
    customer_id = await surviving(session, customer_id)
    offer = (await session.scalars(select(Offer).where(Offer.key == offer_key))).first()
    if offer is None or not offer.cycle_days:
        raise Refusal("unknown_offer", "没有这个优惠", status=404)
    if any(
        one.hers for one in await cycle_offers(session, customer_id, now) if one.offer is offer
    ):
        raise Refusal("in_cycle", "这项定期购已经开着了")
    row = {"state": "active", "next_at": now, "since": now}
    insert = upsert(session, Cycle).values(
        offer_id=offer.id, customer_id=customer_id, number=0, **row
    )
    again = insert.on_conflict_do_update(index_elements=["offer_id", "customer_id"], set_=row)
    fresh = {"populate_existing": True}
    cycle: Cycle = (await session.scalars(again.returning(Cycle), execution_options=fresh)).one()
    await give(session, cycle, now)
    return cycle


async def skip(session: AsyncSession, *, offer_key: str, customer_id: int, now: datetime) -> Cycle:
    cycle, offer = await _running(session, offer_key, customer_id)
    if cycle.next_at > now + timedelta(days=offer.cycle_days):
        raise Refusal("skipped", "下一期已经跳过了")
    cycle.next_at += timedelta(days=offer.cycle_days)
    return cycle


async def stop(session: AsyncSession, *, offer_key: str, customer_id: int) -> None:
    cycle, _ = await _running(session, offer_key, customer_id)
    cycle.state = "stopped"


async def _running(session: AsyncSession, offer_key: str, customer_id: int) -> tuple[Cycle, Offer]:
    hers = await family(session, await surviving(session, customer_id))
    query = (
        select(Cycle, Offer)
        .join(Offer, Offer.id == Cycle.offer_id)
        .where(Offer.key == offer_key, Cycle.customer_id.in_(hers), Cycle.state == "active")
        .with_for_update(of=Cycle)
    )
    found = (await session.execute(query)).first()
    if found is None:
        raise Refusal("no_cycle", NONE, status=404)
    return found[0], found[1]


async def due(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[Cycle]:
    query = (
        select(Cycle)
        .where(Cycle.state == "active", Cycle.next_at <= now)
        .order_by(Cycle.next_at, Cycle.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def give(session: AsyncSession, cycle: Cycle, now: datetime) -> None:
    """This time's coupon. Refused as offers refuse: then nothing has changed."""
    offer = await session.get_one(Offer, cycle.offer_id)
    await issue(
        session,
        offer_key=offer.key,
        customer_id=cycle.customer_id,
        trigger=f"cycle:{cycle.id}:{cycle.number + 1}",
        now=now,
    )
    cycle.number += 1
    days = timedelta(days=offer.cycle_days)
    cycle.next_at = max(cycle.next_at + days, now + days / 2)  # late once is not late for ever
