"""Edits of content: one row for each thing that was changed, the newest words in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.content_edits import ContentEdit
from bot.store.engine import upsert


async def bodies(session: AsyncSession) -> dict[str, dict[str, Any]]:
    rows = await session.execute(
        select(ContentEdit.name, ContentEdit.body).order_by(ContentEdit.name)
    )
    return dict(rows.all())


async def get(session: AsyncSession, name: str) -> ContentEdit | None:
    return await session.get(ContentEdit, name)


async def save(
    session: AsyncSession, name: str, body: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    new = upsert(session, ContentEdit).values(name=name, body={}, version=0, at=now, by=by)
    await session.execute(new.on_conflict_do_nothing())  # two people may write its first edit
    row = await session.get_one(ContentEdit, name, with_for_update=True, populate_existing=True)
    row.body, row.version, row.at, row.by = dict(body), row.version + 1, now, by
    await session.flush()


async def drop(session: AsyncSession, name: str) -> bool:
    """Back to what the files say."""
    gone = await session.execute(
        delete(ContentEdit).where(ContentEdit.name == name).returning(ContentEdit.name)
    )
    return gone.first() is not None
