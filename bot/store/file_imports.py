"""Imports of files in the console, as rows that outlive a page: begun, under way, done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.file_imports import FileImport
from bot.domain.refusals import Refusal

RECENT = 20


async def add(session: AsyncSession, row: FileImport) -> FileImport:
    session.add(row)
    await session.flush()
    return row


async def get(session: AsyncSession, import_id: int) -> FileImport:
    """Raises Refusal no_such_import."""
    row = await session.get(FileImport, import_id, populate_existing=True)
    if row is None:
        raise Refusal("no_such_import", "没有这次导入", status=404)
    return row


async def recent(session: AsyncSession) -> Sequence[FileImport]:
    query = select(FileImport).order_by(FileImport.id.desc()).limit(RECENT)
    return (await session.scalars(query)).all()


async def note(session: AsyncSession, import_id: int, **values: Any) -> None:
    await session.execute(update(FileImport).where(FileImport.id == import_id).values(**values))


async def begin(
    session: AsyncSession, import_id: int, *, state: str, after: Sequence[str], real: float
) -> None:
    """Nobody does the same twice. Raises Refusal begun_before."""
    begun = update(FileImport).where(FileImport.id == import_id, FileImport.state.in_(after))
    values = {"state": state, "doing": "", "done": 0, "total": 0, "beat_at": real}
    mine = await session.scalars(begun.values(**values).returning(FileImport.id))
    if mine.first() is None:
        raise Refusal("begun_before", "这个文件已经在处理，或已经导入过了", status=409)


async def take_up(session: AsyncSession, import_id: int, *, since: float, real: float) -> bool:
    """Whether it is this process that does what was begun; of several one."""
    mine = update(FileImport).where(
        FileImport.id == import_id, FileImport.state == "running", FileImport.beat_at == since
    )
    taken = await session.scalars(mine.values(beat_at=real).returning(FileImport.id))
    return taken.first() is not None
