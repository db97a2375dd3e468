"""Who did what: the audit log page by page, and whether its chain is whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.audit import AuditRow

PAGE = 30


def _asked(actor: str, action: str, store: str | None) -> list[ColumnElement[bool]]:
    found = [] if store is None else [AuditRow.store == store]
    if actor:
        found.append(AuditRow.actor == actor)
    if action:
        found.append(AuditRow.action == action)
    return found


async def page(
    session: AsyncSession,
    *,
    number: int = 1,
    actor: str = "",
    action: str = "",
    store: str | None = None,
) -> Sequence[AuditRow]:
    query = select(AuditRow).where(*_asked(actor, action, store)).order_by(AuditRow.id.desc())
    return (await session.scalars(query.offset((number - 1) * PAGE).limit(PAGE))).all()


async def below(
    session: AsyncSession,
    mark: int | None,
    *,
    actor: str = "",
    action: str = "",
    store: str | None = None,
    limit: int,
) -> Sequence[AuditRow]:
    """The newest rows older than this one."""
    query = select(AuditRow).where(*_asked(actor, action, store))
    if mark is not None:
        query = query.where(AuditRow.id < mark)
    return (await session.scalars(query.order_by(AuditRow.id.desc()).limit(limit))).all()


async def count(
    session: AsyncSession, *, actor: str = "", action: str = "", store: str | None = None
) -> int:
    query = select(func.count()).select_from(AuditRow).where(*_asked(actor, action, store))
    return (await session.scalar(query)) or 0


async def by_id(session: AsyncSession, number: int, store: str | None) -> AuditRow | None:
    query = select(AuditRow).where(AuditRow.id == number, *_asked("", "", store))
    return (await session.scalars(query)).first()


async def taken_back(session: AsyncSession, numbers: Collection[int]) -> set[int]:
    """Which of these rows another act took back."""
    query = select(AuditRow.undoes).where(AuditRow.undoes.in_(numbers))
    return {number for number in await session.scalars(query) if number is not None}


async def actions(session: AsyncSession, store: str | None = None) -> Sequence[str]:
    query = (
        select(AuditRow.action).where(*_asked("", "", store)).distinct().order_by(AuditRow.action)
    )
    return (await session.scalars(query)).all()
