"""The stores and guides that a file names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Guide, Store
from bot.store.orders import store_id


async def stores(session: AsyncSession, codes: Iterable[str]) -> dict[str, int]:
    wanted = list(codes)
    if not wanted:
        return {}
    named = select(Store.code, Store.name, Store.id).where(
        or_(Store.code.in_(wanted), Store.name.in_(wanted))
    )
    found: dict[str, int] = {}
    for code, name, number in await session.execute(named):
        found |= {code: number, name: number}
    for code in wanted:
        if code not in found:
            found[code] = await store_id(session, code)
    return found


async def guides(session: AsyncSession, names: Iterable[str]) -> dict[str, int]:
    """By userid or by name, where only one guide has it; a file makes no guides."""
    wanted = list(names)
    if not wanted:
        return {}
    query = select(Guide.userid, Guide.name, Guide.id).where(
        or_(Guide.userid.in_(wanted), Guide.name.in_(wanted))
    )
    found: dict[str, set[int]] = defaultdict(set)
    for userid, name, number in await session.execute(query):
        found[userid].add(number)
        found[name].add(number)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}
