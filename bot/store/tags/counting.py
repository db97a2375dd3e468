"""Tags for small signs that add up and fade: summed for everybody at once, never per event."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Select, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.browsing import MEMORY, Glance
from bot.domain.customers import Customer
from bot.domain.delivery import Message, ShortLink
from bot.domain.offers import SHOP_ZONE
from bot.domain.orders import Product
from bot.domain.tags import Counter, CustomerTag, TagBook, Weak
from bot.store import bulk
from bot.store.bulk import Array
from bot.store.engine import Sessions
from bot.store.tags.labels import ids_of
from bot.store.tags.patterns import fits
from bot.store.tags.wearing import Change, wear

Asked = Select[*tuple[Any, ...]]
SOURCE = "counter"
DAY = 86_400
FADED = 10
"""After so many half-lives a sign is a thousandth of itself."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the signs of one rule come to now; one place per customer."""

    who: Array
    score: Array
    times: Array
    seconds: Array
    last: Array
    """Seconds since the epoch."""

    def why(self, place: int) -> str:
        day = datetime.fromtimestamp(int(self.last[place]), SHOP_ZONE)
        told: dict[str, Any] = {"score": round(float(self.score[place]), 2)}
        told |= {"times": int(self.times[place]), "seconds": int(self.seconds[place])}
        told = {name: value for name, value in told.items() if value}
        return json.dumps(told | {"last": f"{day:%Y-%m-%d}"})


async def retag_counted(sessions: Sessions, book: TagBook, now: datetime) -> int:
    """Make these tags what their counters say now; how many came or went."""
    rules = book.counted()
    if not rules:
        return 0
    async with sessions.begin() as session:
        ids = await ids_of(session, [rule.tag for rule in rules])
    changed = 0
    for rule in rules:
        async with sessions.reading() as session:
            change = await _change(session, rule, ids[rule.tag], now)
        changed += await wear(sessions, change, now)
    return changed


async def far_enough(session: AsyncSession, rule: Counter, now: datetime) -> list[int]:
    """Who has come far enough already."""
    tally = await _tally(session, rule, now)
    return tally.who[tally.score >= rule.enters].tolist()  # type: ignore[no-any-return]


async def _change(session: AsyncSession, rule: Counter, tag_id: int, now: datetime) -> Change:
    """Whoever wears it keeps it until she falls below the lower sum."""
    tally = await _tally(session, rule, now)
    worn = select(CustomerTag.customer_id).where(
        CustomerTag.tag_id == tag_id, CustomerTag.source == SOURCE
    )
    (wearing,) = await bulk.read(session, worn, "i")
    stays = tally.who[tally.score >= rule.leaves]
    comes = np.flatnonzero((tally.score >= rule.enters) & ~np.isin(tally.who, wearing))
    gone = np.setdiff1d(wearing, stays)
    evidence = [tally.why(place) for place in comes.tolist()]
    return Change(tag_id, SOURCE, gone.tolist(), tally.who[comes].tolist(), evidence)


async def _tally(session: AsyncSession, rule: Counter, now: datetime) -> Tally:
    parts = [part async for part in _signs(session, rule, now)]
    each, at, times, seconds, score = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    who, place = np.unique(each, return_inverse=True)
    last = np.zeros(len(who), np.int64)
    np.maximum.at(last, place, at)

    def summed(column: Array) -> Array:
        return np.bincount(place, weights=column, minlength=len(who))

    return Tally(who, summed(score), summed(times), summed(seconds), last)


async def _signs(
    session: AsyncSession, rule: Counter, now: datetime
) -> AsyncIterator[list[Array]]:
    """(customer, moment, times, seconds, points left of them), one row per sign."""
    until = int(now.timestamp())
    reach = min(timedelta(days=rule.half_life * FADED), MEMORY)
    for weak in rule.counts:
        asked = _asked(session, weak).where(_at(weak) > now - reach, _at(weak) <= now)
        found = (await session.execute(asked)).all()
        who, at, times, seconds = np.array(found, np.int64).reshape(-1, 4).T
        if weak.seconds:
            times = np.minimum(times, seconds // weak.seconds)
        heard = times > 0
        left = weak.points * times * np.exp2((at - until) / (DAY * rule.half_life))
        yield [column[heard] for column in (who, at, times, seconds, left)]


def _asked(session: AsyncSession, weak: Weak) -> Asked:
    """(customer, moment, times, seconds) of every such sign of whoever has not refused to be known."""
    at = bulk.seconds(session, _at(weak))
    stands_for = func.coalesce(Customer.merged_into, Customer.id)
    query: Asked
    once: Asked = select(stands_for, at, literal(1), literal(0))
    if weak.of == "intent":
        query = once.join(Message, Message.customer_id == Customer.id)
        query = query.where(fits(Message.intent, weak.any))
    elif _opening(weak):
        query = once.join(ShortLink, ShortLink.customer_id == Customer.id)
        query = query.where(fits(ShortLink.tag, weak.any))
    else:
        query = select(stands_for, at, Glance.times, Glance.seconds)
        query = _of(query.join(Glance, Glance.customer_id == Customer.id), weak)
    return query.where(Customer.personalised)


def _of(query: Asked, weak: Weak) -> Asked:
    query = query.where(Glance.of == weak.of)
    if weak.of != "item":
        return query.where(fits(Glance.what, weak.any))
    filed = query.outerjoin(Product, Product.sku == Glance.what)
    return filed.where(or_(fits(Product.category, weak.any), fits(Glance.what, weak.any)))


def _opening(weak: Weak) -> bool:
    """Without a duration a link counts when it is opened, with one when what is behind it is read."""
    return weak.of == "link" and not weak.seconds


def _at(weak: Weak) -> Any:
    if weak.of == "intent":
        return Message.at
    return ShortLink.opened_at if _opening(weak) else Glance.at
