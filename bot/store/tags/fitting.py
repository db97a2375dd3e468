"""Tags for whoever fits a rule of the segment language: given and taken each night, from source `rule`."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.segments import parse, read_back
from bot.domain.tags import CustomerTag, Fitting, TagBook
from bot.store import segments
from bot.store.engine import Sessions
from bot.store.tags.labels import ids_of
from bot.store.tags.wearing import Change, wear

SOURCE = "rule"


async def retag_fitting(sessions: Sessions, book: TagBook, now: datetime) -> int:
    """Make these tags what their rules say now; how many came or went."""
    rules = book.fitting()
    async with sessions.begin() as session:
        ids = await ids_of(session, [rule.tag for rule in rules])
    changed = 0
    for rule in rules:
        async with sessions.reading() as session:
            gone, new = await _difference(session, rule, ids[rule.tag], now)
        evidence = json.dumps({"fits": read_back(parse(rule.rule))}, ensure_ascii=False)
        change = Change(ids[rule.tag], SOURCE, gone, new, [evidence] * len(new))
        changed += await wear(sessions, change, now)
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
