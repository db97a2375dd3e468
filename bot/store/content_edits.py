"""Edits of content: one row for each thing that was changed, the newest words in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.content_edits import ContentEdit
from bot.domain.refusals import Refusal
from bot.store.engine import upsert
from bot.tongue import _

DRAFTS = "drafts/"
"""Before the name of what is being written and counts nowhere yet."""


async def bodies(session: AsyncSession) -> dict[str, dict[str, Any]]:
    """What counts; drafts do not."""
    rows = await session.execute(
        select(ContentEdit.name, ContentEdit.body)
        .where(ContentEdit.name.not_like(f"{DRAFTS}%"))
        .order_by(ContentEdit.name)
    )
    return dict(rows.all())


async def drafts(session: AsyncSession, kind: str) -> dict[str, ContentEdit]:
    """Those of one kind (`playbooks/`, `groups/`), by what they are drafts of."""
    begin = f"{DRAFTS}{kind}"
    rows = await session.scalars(select(ContentEdit).where(ContentEdit.name.like(f"{begin}%")))
    return {row.name.removeprefix(begin): row for row in rows}


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


async def keep_draft(
    session: AsyncSession,
    name: str,
    body: Mapping[str, Any],
    *,
    seen: int | None,
    by: str,
    now: datetime,
) -> int:
    """Its number. Raises Refusal draft_changed when somebody wrote it anew after `seen` was read."""
    before = await get(session, f"{DRAFTS}{name}")
    if seen is not None and seen != (before.version if before else 0):
        words = _("这份草稿刚被别人改过，刷新看看再改")
        raise Refusal("draft_changed", words, status=409)
    await save(session, f"{DRAFTS}{name}", body, by=by, now=now)
    return 1 + (before.version if before else 0)


async def drop(session: AsyncSession, name: str) -> bool:
    """Back to what the files say."""
    gone = await session.execute(
        delete(ContentEdit).where(ContentEdit.name == name).returning(ContentEdit.name)
    )
    return gone.first() is not None
