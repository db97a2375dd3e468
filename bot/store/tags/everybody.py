"""Purchase tags of everybody: every order and every line is read once, and only what changed is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.tags import CustomerTag, Tag, TagBook, TagGroup, parts
from bot.store import bulk
from bot.store.bulk import Array
from bot.store.engine import Sessions, look_over
from bot.store.tags.bills import bills_of, tags_of
from bot.store.tags.counting import retag_counted
from bot.store.tags.fitting import retag_fitting
from bot.store.tags.labels import ids_of, publish
from bot.store.tags.retagging import SOURCE, open_categories
from bot.store.tags.stirring import stir
from bot.store.tags.usual import learn_prices, to_learn, usual_prices
from bot.store.two_by_two import two_by_two

PART = 5_000
"""Tags written in one transaction, of which two may wait for each other: callbacks must not wait long."""
Columns = dict[str, list[Any]]
GREAT = 50_000
"""So many tags that came or went change what is worth asking first."""
SHIFT = 2**24
"""A customer and a tag as one number."""


@dataclass(frozen=True, slots=True)
class _Held:
    """Who holds which tag by the rules, sorted by pair; the first rule that gives it tells why."""

    pair: Array
    rule: Array
    orders: Array


async def retag_all(sessions: Sessions, book: TagBook, now: datetime) -> int:
    """Make everybody's tags by rules what the rules say now; how many came or went."""
    async with sessions.begin() as session:
        await publish(session, book)
    changed = await _retag_bought(sessions, book, now)
    changed += await retag_fitting(sessions, book, now)
    return changed + await retag_counted(sessions, book, now)


async def _retag_bought(sessions: Sessions, book: TagBook, now: datetime) -> int:
    if not book.bought():
        return 0
    async with sessions.reading() as session:
        learning = book.compares() and await to_learn(session, now)
        prices = await usual_prices(session, now) if learning else []
    async with sessions.begin() as session:
        if learning:
            await learn_prices(session, prices)
        await open_categories(session, book)
        ids = await ids_of(session, [rule.tag for rule in book.bought() if rule.category != "*"])
    async with sessions.reading() as session:
        held = await _held(session, book, ids, now)
        kept = await _kept(session, book)
    gone = np.setdiff1d(kept, held.pair, assume_unique=True)
    new = np.flatnonzero(~np.isin(held.pair, kept, assume_unique=True))
    await two_by_two(_take_off(sessions, part) for part in _cut(gone))
    await two_by_two(_put_on(sessions, rows) for rows in _new_rows(book, held, new, now))
    changed = len(gone) + len(new)
    if changed > GREAT:
        async with sessions.begin() as session:
            await look_over(session, CustomerTag)
    return changed


async def _held(
    session: AsyncSession, book: TagBook, ids: Mapping[str, int], now: datetime
) -> _Held:
    bills = await bills_of(session, book, book.bought(), now)
    found: list[tuple[Array, Array, Array]] = []
    for place, rule in enumerate(bills.rules):
        for category, tag_id in (await tags_of(session, rule, ids.get(rule.tag, 0))).items():
            who, orders = bills.holders(place, category)
            found.append((who * SHIFT + tag_id, np.full(len(who), place), orders))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    pair, first = np.unique(columns[0], return_index=True)
    return _Held(pair, columns[1][first], columns[2][first])


async def _kept(session: AsyncSession, book: TagBook) -> Array:
    groups = {parts(rule.tag)[0] for rule in book.bought()}
    tags = select(Tag.id).join(TagGroup).where(TagGroup.name.in_(groups))
    query = select(CustomerTag.customer_id, CustomerTag.tag_id).where(
        CustomerTag.source == SOURCE, CustomerTag.tag_id.in_(tags)
    )
    who, tag = await bulk.read(session, query, "ii")
    return np.sort(who * SHIFT + tag)


async def _take_off(sessions: Sessions, part: Array) -> None:
    columns = _pairs(part)
    key = tuple_(CustomerTag.customer_id, CustomerTag.tag_id)
    hers = key.in_(list(zip(*columns.values(), strict=True)))
    gone = delete(CustomerTag).where(CustomerTag.source == SOURCE, hers)
    async with sessions.begin() as session:
        await session.execute(gone.execution_options(synchronize_session=False))
        await stir(session, sorted(set(columns["customer_id"])))


def _new_rows(book: TagBook, held: _Held, new: Array, now: datetime) -> Iterator[Columns]:
    why = [json.dumps(rule.key, ensure_ascii=False) for rule in book.bought()]
    same = {"source": SOURCE, "confidence": 1.0, "at": bulk.moment(now), "by": "system:siyu"}
    for part in _cut(new):
        facts = zip(held.rule[part].tolist(), held.orders[part].tolist(), strict=True)
        told = {"evidence": [f'{{"rule": {why[rule]}, "orders": {n}}}' for rule, n in facts]}
        every = {name: [value] * len(part) for name, value in same.items()}
        yield _pairs(held.pair[part]) | told | every


async def _put_on(sessions: Sessions, columns: Columns) -> None:
    async with sessions.begin() as session:
        await bulk.append(session, CustomerTag, columns)
        await stir(session, sorted(set(columns["customer_id"])))


def _pairs(pair: Array) -> Columns:
    return {"customer_id": (pair // SHIFT).tolist(), "tag_id": (pair % SHIFT).tolist()}


def _cut(rows: Array) -> Iterator[Array]:
    return (rows[start : start + PART] for start in range(0, len(rows), PART))
