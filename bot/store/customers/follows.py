"""Guides, and the ties of customers to them, kept by the time things happened and not by when we heard."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Literal, NamedTuple, overload

from sqlalchemy import Executable, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow, Guide
from bot.store.adding import add_new
from bot.store.bulk import among
from bot.store.customers.meeting import meet
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.together import together
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
    return await together(session, _guides, _Named(userid, create))


class _Named(NamedTuple):
    userid: str
    create: bool


async def _guides(session: AsyncSession, named: Sequence[_Named]) -> list[Guide | None]:
    known = await _named(session, {each.userid for each in named})
    wanted = sorted({each.userid for each in named if each.create} - known.keys())
    if wanted:
        new = [{"userid": each, "name": each, "active": True} for each in wanted]
        await session.execute(_hiring(dialect_of(session)), new)
        known |= await _named(session, set(wanted))
    return [known.get(each.userid) for each in named]


async def _named(session: AsyncSession, userids: Collection[str]) -> dict[str, Guide]:
    guides = _guides_named(dialect_of(session))
    found = await session.scalars(guides, {"userids": sorted(userids)})
    return {guide.userid: guide for guide in found}


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
    told = _Told(customer.id, guide.id, external_userid, at)
    tie, new = await together(session, _ties, told)
    return _Tie(tie, customer, guide, not new)


class _Told(NamedTuple):
    customer_id: int
    guide_id: int
    external_userid: str
    since: datetime


async def _ties(session: AsyncSession, told: Sequence[_Told]) -> list[tuple[Follow, bool]]:
    rows = [each._asdict() for each in told]
    new = set(await add_new(session, Follow, rows, returning=("customer_id", "guide_id")))
    customers, guides = {each.customer_id for each in told}, {each.guide_id for each in told}
    asked = {"customers": sorted(customers), "guides": sorted(guides)}
    found = await session.scalars(_tied(dialect_of(session)), asked)
    ties = {(tie.customer_id, tie.guide_id): tie for tie in found}
    pairs = [(each.customer_id, each.guide_id) for each in told]
    return [(ties[pair], pair in new) for pair in pairs]


# Asked for every customer of a list that the platform gives: built once.
@cache
def _guides_named(dialect: str) -> Select[Guide]:
    return select(Guide).where(among(dialect, Guide.userid, "userids"))


@cache
def _tied(dialect: str) -> Select[Follow]:
    theirs = among(dialect, Follow.customer_id, "customers")
    these = among(dialect, Follow.guide_id, "guides")
    return select(Follow).where(theirs, these).order_by(Follow.id).with_for_update()


@lru_cache
def _hiring(dialect: str) -> Executable:
    hiring: Executable = upsert_in(dialect, table_of(Guide)).on_conflict_do_nothing()
    return hiring
