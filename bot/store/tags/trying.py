"""Who would get a tag by a rule that nobody has published yet: how many, and a few of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow
from bot.domain.delivery import Message, ShortLink
from bot.domain.games import GameEntry
from bot.domain.segments import parse
from bot.domain.tags import Answered, Bought, Counter, Fitting, Heard, TagBook
from bot.store import segments
from bot.store.tags.bills import bills_of, tags_of
from bot.store.tags.counting import far_enough
from bot.store.tags.patterns import fits

FACES = 3
VOTE = "vote"
"""The field of what is answered in a vote; a quiz names its questions."""
PROFILED = parse({"field": "consent", "op": "has", "value": "profiling"})


class Would(NamedTuple):
    number: int
    faces: list[Customer]
    """A few of them, spread over the years in which they came."""


async def would_get(
    session: AsyncSession,
    book: TagBook,
    rule: Heard | Answered | Bought | Fitting | Counter,
    now: datetime,
) -> Would | None:
    """None for what was never kept in a way that could be counted: words said, menus tapped, forms of others."""
    match rule:
        case Fitting():
            asked = parse(rule.rule)
            faces = await segments.sample(session, asked, now, FACES)
            number = await segments.count(session, asked, now)
            return Would(number, faces)
        case Bought():
            return await _would(session, await _buyers(session, book, rule, now))
        case Counter():
            return await _would(session, await far_enough(session, rule, now))
        case Answered():
            return await _would(session, await answerers(session, rule, now))
    return await _heard(session, rule)


async def answerers(session: AsyncSession, rule: Answered, now: datetime) -> list[int]:
    """Who gave this answer in a game, and lets it be kept for her."""
    said = select(GameEntry.customer_id).where(
        GameEntry.game == rule.form,
        GameEntry.choice == rule.is_,
        or_(GameEntry.round == rule.field, literal(rule.field == VOTE)),
    )
    query = select(Customer.id).where(Customer.id.in_(said), segments.clause(PROFILED, now))
    return list(await session.scalars(query.order_by(Customer.id)))


async def _buyers(session: AsyncSession, book: TagBook, rule: Bought, now: datetime) -> list[int]:
    """By the usual prices as they were last learned."""
    bills = await bills_of(session, book, [rule], now)
    found = [bills.holders(0, each)[0] for each in await tags_of(session, rule, 0)]
    return np.concatenate(found).tolist() if found else []


async def _heard(session: AsyncSession, rule: Heard) -> Would | None:
    asked: dict[str, tuple[Any, Any]] = {
        "contact_way": (Follow.customer_id, Follow.state),
        "link": (ShortLink.customer_id, ShortLink.tag),
        "intent": (Message.customer_id, Message.intent),
    }
    if rule.when not in asked:
        return None
    who, what = asked[rule.when]
    known: Select[Any] = select(who).where(who.is_not(None), fits(what, rule.any))
    if rule.when == "link":
        known = known.where(ShortLink.opened_at.is_not(None))
    query = select(Customer.id).where(segments.WHOLE, Customer.id.in_(known))
    return await _would(session, list(await session.scalars(query)))


async def _would(session: AsyncSession, ids: Sequence[int]) -> Would:
    each = sorted(set(ids))
    spread = {each[len(each) * place // FACES] for place in range(FACES)} if each else set()
    faces = select(Customer).where(Customer.id.in_(spread)).order_by(Customer.id)
    return Would(len(each), list(await session.scalars(faces)))
