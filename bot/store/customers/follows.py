"""Guides, and the ties of customers to them, kept by the time things happened and not by when we heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple, overload

from sqlalchemy import Executable, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow, Guide
from bot.store.customers.meeting import meet
from bot.store.engine import dialect_of, table_of, upsert, upsert_in
from bot.store.vault import Vault

REMARK = "follow.remark"


class Followed(NamedTuple):
    customer: Customer
    guide: Guide
    follow: Follow
    new: bool
    """This news began the tie, or began it again."""
    known: bool
    """We had heard of it before, if only of its end."""


@overload
async def guide_by_userid(session: AsyncSession, userid: str) -> Guide: ...
@overload
async def guide_by_userid(
    session: AsyncSession, userid: str, *, create: Literal[True]
) -> Guide: ...
@overload
async def guide_by_userid(
    session: AsyncSession, userid: str, *, create: Literal[False]
) -> Guide | None: ...
async def guide_by_userid(
    session: AsyncSession, userid: str, *, create: bool = True
) -> Guide | None:
    named = {"userid": userid}
    guide = (await session.scalars(_GUIDE, named)).first()
    if guide is None and create:
        made = upsert(session, Guide).values(userid=userid, name=userid, active=True)
        await session.execute(made.on_conflict_do_nothing())
        guide = (await session.scalars(_GUIDE, named)).one()
    return guide


async def follow(
    session: AsyncSession,
    vault: Vault,
    *,
    userid: str,
    external_userid: str,
    at: datetime,
    state: str | None = None,
) -> Followed:
    """She is the guide's customer since `at`; news older than the tie's end changes nothing."""
    tie, customer, guide, known = await _tie(
        session, vault, userid=userid, external_userid=external_userid, at=at
    )
    ended = tie.ended_at
    if ended is not None and at <= ended:
        # The end overtook its beginning on the way to us: it stays ended.
        if tie.since >= ended:  # so far we had only heard of the end
            tie.since = at
        _added(tie, at, state, external_userid)
        return Followed(customer, guide, tie, new=False, known=known)
    new = ended is not None or not known
    _added(tie, at, state, external_userid)
    tie.ended_at = tie.ended_by = None
    return Followed(customer, guide, tie, new, known)


def _added(tie: Follow, at: datetime, state: str | None, external_userid: str) -> None:
    """Half an adding, then the whole of it: the latest counts, in whatever order they reach us."""
    if at < tie.since:
        tie.state = tie.state or state
        return
    tie.since, tie.external_userid = at, external_userid
    tie.state = state or tie.state


async def unfollow(
    session: AsyncSession,
    vault: Vault,
    *,
    userid: str,
    external_userid: str,
    at: datetime,
    by: Literal["customer", "guide"],
) -> Follow:
    """The tie ended at that moment, unless it began again since; also when we never heard of its beginning."""
    tie, *_ = await _tie(session, vault, userid=userid, external_userid=external_userid, at=at)
    if at >= tie.since and (tie.ended_at is None or at > tie.ended_at):
        if tie.since == tie.ended_at:  # we never heard of its beginning
            tie.since = at
        tie.ended_at, tie.ended_by = at, by
    return tie


async def keep_remark(session: AsyncSession, vault: Vault, tie: Follow, remark: str) -> None:
    """What the guide calls her; empty takes it away."""
    tie.remark = None
    if remark:
        tie.remark = await vault.seal_for(session, tie.customer_id, remark, about=REMARK)


async def follows_of(session: AsyncSession, customer_id: int) -> Sequence[Follow]:
    """The ties that last, the newest first."""
    found = await session.scalars(
        select(Follow)
        .where(Follow.customer_id == customer_id, Follow.ended_at.is_(None))
        .order_by(Follow.since.desc(), Follow.id.desc())
    )
    return found.all()


async def guides_of(session: AsyncSession, customer_id: int) -> list[str]:
    """Their names."""
    named = select(Guide.name).join(Follow, Follow.guide_id == Guide.id)
    hers = Follow.customer_id == customer_id, Follow.ended_at.is_(None)
    return list(await session.scalars(named.where(*hers).order_by(Follow.since.desc())))


async def guide_of(session: AsyncSession, customer_id: int) -> Guide | None:
    """Her guide: her own advisor, else whom she talked with last, else the newest."""
    found = await session.scalars(
        select(Guide)
        .join(Follow, Follow.guide_id == Guide.id)
        .where(Follow.customer_id == customer_id, Follow.ended_at.is_(None), Guide.active)
        .order_by(
            Follow.advises_since.is_(None),
            Follow.last_talk_at.desc().nulls_last(),
            Follow.since.desc(),
            Follow.id.desc(),
        )
        .limit(1)
    )
    return found.first()


class _Tie(NamedTuple):
    follow: Follow
    customer: Customer
    guide: Guide
    known: bool


async def _tie(
    session: AsyncSession, vault: Vault, *, userid: str, external_userid: str, at: datetime
) -> _Tie:
    """The row of this pair, locked, made with `since=at` if there was none."""
    guide = await guide_by_userid(session, userid)
    customer = await meet(
        session,
        vault,
        kind="external_userid",
        value=external_userid,
        at=at,
        evidence=f"follow:{userid}",
    )
    pair = {"customer_id": customer.id, "guide_id": guide.id}
    row = pair | {"external_userid": external_userid, "since": at}
    new = (await session.execute(_tying(dialect_of(session)), row)).first() is not None
    tie = (await session.scalars(_TIE, {"whose": customer.id, "whom": guide.id})).one()
    return _Tie(tie, customer, guide, not new)


# Asked for every customer of a list that the platform gives: built once.
_GUIDE = select(Guide).where(Guide.userid == bindparam("userid"))
_TIE = (
    select(Follow)
    .where(Follow.customer_id == bindparam("whose"), Follow.guide_id == bindparam("whom"))
    .with_for_update()
)


@lru_cache
def _tying(dialect: str) -> Executable:
    tie = table_of(Follow)
    insert = upsert_in(dialect, tie).on_conflict_do_nothing().returning(tie.c.id)
    tying: Executable = insert
    return tying
