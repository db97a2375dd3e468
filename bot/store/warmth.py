"""How warm it is between customers and us, counted for many at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby, takewhile

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.customers import Customer, Follow
from bot.domain.delivery import Message
from bot.domain.warmth import COUNTED, Warmth

_PERSON = func.coalesce(Customer.merged_into, Customer.id)


async def of(
    session: AsyncSession, customer_ids: Collection[int], now: datetime
) -> dict[int, Warmth]:
    talked = await _talked(session, customer_ids)
    sent = await _sent(session, customer_ids, now)
    found = {}
    for one in customer_ids:
        offers = sent.get(one, [])
        running = len(list(takewhile(bool, offers)))
        found[one] = Warmth(talked.get(one), offers.count(False), offers.count(True), running)
    return found


async def _talked(session: AsyncSession, customer_ids: Collection[int]) -> dict[int, datetime]:
    """What she wrote herself, and what her guide noted down of a talk."""
    hers = or_(Customer.id.in_(customer_ids), Customer.merged_into.in_(customer_ids))
    wrote = select(_PERSON.label("who"), func.max(Message.at).label("at"))
    wrote = wrote.join(Customer, Customer.id == Message.customer_id)
    wrote = wrote.where(hers, Message.direction == "in").group_by(_PERSON)
    noted = select(_PERSON.label("who"), func.max(Follow.last_talk_at).label("at"))
    noted = noted.join(Customer, Customer.id == Follow.customer_id)
    noted = noted.where(hers, Follow.last_talk_at.is_not(None)).group_by(_PERSON)
    both = wrote.union_all(noted).subquery()
    query = select(both.c.who, func.max(both.c.at)).group_by(both.c.who)
    return dict((await session.execute(query)).all())


async def _sent(
    session: AsyncSession, customer_ids: Collection[int], now: datetime
) -> dict[int, list[bool]]:
    """Whether each message that reached her of late brought an offer, the newest first."""
    hers = or_(Customer.id.in_(customer_ids), Customer.merged_into.in_(customer_ids))
    query = (
        select(_PERSON, Touch.offer_key)
        .join(Customer, Customer.id == Touch.customer_id)
        .where(hers, Touch.state == "delivered", Touch.sent_at > now - COUNTED)
        .order_by(_PERSON, Touch.sent_at.desc(), Touch.id.desc())
    )
    rows = (await session.execute(query)).all()
    return {
        who: [offer is not None for _, offer in some]
        for who, some in groupby(rows, key=lambda row: row[0])
    }
