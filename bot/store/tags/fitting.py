"""Tags for whoever fits a rule of the segment language: given and taken each night, from source `rule`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.segments import parse, read_back
from bot.domain.tags import CustomerTag, Fitting, TagBook
from bot.store import bulk, segments
from bot.store.engine import Sessions
from bot.store.tags.labels import ids_of
from bot.store.tags.stirring import stir

SOURCE = "rule"
PART = 10_000


async def retag_fitting(sessions: Sessions, book: TagBook, now: datetime) -> int:
    """Make these tags what their rules say now; how many came or went."""
    rules = book.fitting()
    async with sessions.begin() as session:
        ids = await ids_of(session, [rule.tag for rule in rules])
    changed = 0
    for rule in rules:
        async with sessions.reading() as session:
            gone, new = await _difference(session, rule, ids[rule.tag], now)
        changed += await _apply(sessions, rule, ids[rule.tag], (gone, new), now)
    return changed


async def _difference(
    session: AsyncSession, rule: Fitting, tag_id: int, now: datetime
) -> tuple[list[int], list[int]]:
    fits = segments.clause(parse(rule.rule), now)
    mine = and_(CustomerTag.tag_id == tag_id, CustomerTag.source == SOURCE)
    wearing = select(CustomerTag.customer_id).where(mine)
    holding = select(Customer.id).where(fits)
    gone = await session.scalars(wearing.where(CustomerTag.customer_id.not_in(holding)))
    new = await session.scalars(holding.where(Customer.id.not_in(wearing)))
    return list(gone), list(new)


async def _apply(
    sessions: Sessions,
    rule: Fitting,
    tag_id: int,
    change: tuple[Sequence[int], Sequence[int]],
    now: datetime,
) -> int:
    gone, new = change
    evidence = json.dumps({"words": read_back(parse(rule.rule))}, ensure_ascii=False)
    same = {"tag_id": tag_id, "source": SOURCE, "evidence": evidence, "confidence": 1.0}
    same |= {"at": bulk.moment(now), "by": "system:siyu"}
    for start in range(0, len(gone), PART):
        part = gone[start : start + PART]
        mine = and_(CustomerTag.tag_id == tag_id, CustomerTag.source == SOURCE)
        off = delete(CustomerTag).where(mine, CustomerTag.customer_id.in_(part))
        async with sessions.begin() as session:
            await session.execute(off.execution_options(synchronize_session=False))
            await stir(session, part)
    for start in range(0, len(new), PART):
        part = new[start : start + PART]
        columns = {name: [value] * len(part) for name, value in same.items()}
        async with sessions.begin() as session:
            await bulk.append(session, CustomerTag, {"customer_id": list(part)} | columns)
            await stir(session, part)
    return len(gone) + len(new)
