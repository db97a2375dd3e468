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
