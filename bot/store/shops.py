"""Stores, and the guides that belong to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Guide, Store
from bot.store.engine import upsert


async def set_up(
    session: AsyncSession,
    stores: Iterable[Mapping[str, Any]],
    guides: Iterable[Mapping[str, Any]],
) -> None:
    """Make these stores (`code name city`) and guides (`userid name store`) known, as they are said to be."""
    for store in stores:
        facts = {"name": store["name"], "city": store.get("city", "")}
        insert = upsert(session, Store).values(code=store["code"], **facts)
        await session.execute(insert.on_conflict_do_update(index_elements=["code"], set_=facts))
    codes = dict((await session.execute(select(Store.code, Store.id))).all())
    for guide in guides:
        facts = {"name": guide["name"], "store_id": codes[guide["store"]], "active": True}
        insert = upsert(session, Guide).values(userid=guide["userid"], **facts)
        await session.execute(insert.on_conflict_do_update(index_elements=["userid"], set_=facts))


async def code_of(session: AsyncSession, store_id: int | None) -> str | None:
    found: str | None = await session.scalar(select(Store.code).where(Store.id == store_id))
    return found


async def stores(session: AsyncSession) -> dict[str, str]:
    """Names by code."""
    return dict((await session.execute(select(Store.code, Store.name).order_by(Store.code))).all())


async def serving(session: AsyncSession, store: str | None = None) -> list[tuple[Guide, str]]:
    """Guides who serve now, with the name of their store."""
    query = select(Guide, Store.name).outerjoin(Store, Store.id == Guide.store_id)
    query = query.where(Guide.active).order_by(Store.code, Guide.name)
    if store is not None:
        query = query.where(Store.code == store)
    return [(guide, name or "") for guide, name in await session.execute(query)]
