"""微信客服 accounts: nudged by callbacks, pulled by one at a time, page and cursor in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.conversations import KfAccount
from bot.store.engine import upsert

TOKEN_LIVES = timedelta(minutes=10)


async def nudged(session: AsyncSession, open_kfid: str, token: str | None, at: datetime) -> None:
    """Something is new there."""
    fresh = {"token": token, "token_until": at + TOKEN_LIVES, "next_pull_at": at}
    insert = upsert(session, KfAccount).values(open_kfid=open_kfid, nudges=1, fence=0, **fresh)
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["open_kfid"], set_=fresh | {"nudges": KfAccount.nudges + 1}
        )
    )


async def know(session: AsyncSession, open_kfid: str, at: datetime) -> None:
    """This account is ours: pull it, if nobody does yet."""
    insert = upsert(session, KfAccount).values(
        open_kfid=open_kfid, nudges=0, fence=0, next_pull_at=at
    )
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["open_kfid"],
            set_={"next_pull_at": at},
            where=KfAccount.next_pull_at.is_(None),
        )
    )


async def pulled(session: AsyncSession) -> set[str]:
    return set(
        await session.scalars(
            select(KfAccount.open_kfid).where(KfAccount.next_pull_at.is_not(None))
        )
    )


async def left(session: AsyncSession, open_kfid: str) -> None:
    """The account was taken from us."""
    await session.execute(
        update(KfAccount).where(KfAccount.open_kfid == open_kfid).values(next_pull_at=None)
    )


async def due(session: AsyncSession, now: datetime) -> Sequence[str]:
    query = select(KfAccount.open_kfid).where(KfAccount.next_pull_at <= now)
    return (await session.scalars(query.order_by(KfAccount.open_kfid))).all()


async def claim(
    session: AsyncSession, open_kfid: str, *, now: datetime, real: float, lease: float
) -> KfAccount | None:
    """Take the account for pulling; None while somebody else does, or when it is not due."""
    free = or_(KfAccount.lease_until.is_(None), KfAccount.lease_until < real)
    return await session.scalar(
        update(KfAccount)
        .where(KfAccount.open_kfid == open_kfid, KfAccount.next_pull_at <= now, free)
        .values(lease_until=real + lease, fence=KfAccount.fence + 1)
        .returning(KfAccount)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


async def advance(
    session: AsyncSession, account: KfAccount, cursor: str | None, *, lease_until: float
) -> bool:
    """Move the cursor, if the account is still ours to pull."""
    moved = await session.execute(
        update(KfAccount)
        .where(_ours(account))
        .values(cursor=cursor, lease_until=lease_until)
        .execution_options(synchronize_session=False)
    )
    return isinstance(moved, CursorResult) and moved.rowcount == 1


async def release(session: AsyncSession, account: KfAccount, *, again_at: datetime) -> None:
    """Done for now; a nudge that came meanwhile keeps its earlier moment."""
    unheard = KfAccount.nudges != account.nudges
    await session.execute(
        update(KfAccount)
        .where(_ours(account))
        .values(
            lease_until=None, next_pull_at=case((unheard, KfAccount.next_pull_at), else_=again_at)
        )
        .execution_options(synchronize_session=False)
    )


def _ours(account: KfAccount) -> ColumnElement[bool]:
    return and_(KfAccount.open_kfid == account.open_kfid, KfAccount.fence == account.fence)
