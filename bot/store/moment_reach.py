"""Moments as people look at them: whom one would reach, where each stands, and what waits for a guide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.channels import is_away
from bot.domain.customers import Follow, Guide, Store
from bot.domain.moments import (
    MomentPost,
    MomentTask,
    Publisher,
    Reach,
    free_place,
    with_link,
)
from bot.domain.quotas import Limits
from bot.domain.tags import FollowTag, Tag, TagGroup
from bot.store.moments import ABOUT, Day, places
from bot.store.vault import Vault

MARKED = "marked"
"""What WeCom has on a tie: it judges by that, and by nothing that we know beside it."""


async def reach(session: AsyncSession, post: MomentPost, *, limits: Limits) -> Reach:
    """Who would be asked, who not and why, and how many friends those who are asked have."""
    guides = (await session.execute(_guides(post))).all()
    friends = await _friends(session, post)
    day, most = Day.around(limits, post.due_at), limits.guides.moments_per_day
    taken = await places(session, day)
    publishers = []
    for guide, store in guides:
        mine = friends.get(guide.id, 0)
        full = free_place(guide.id, day.name, taken, most) is None
        away = is_away(guide.away_from, guide.away_until, post.due_at)
        why = "guide_away" if away else "moment_today" if full else None if mine else "no_friends"
        publishers.append(Publisher(guide.id, guide.userid, guide.name, store or "", mine, why))
    asked = [one.guide_id for one in publishers if one.why_not is None]
    return Reach(publishers, await _people(session, post, asked))


def _guides(post: MomentPost) -> Any:
    query = select(Guide, Store.name).outerjoin(Store, Store.id == Guide.store_id)
    query = query.where(Guide.active).order_by(Store.code, Guide.id)
    if stores := post.publishers.get("stores"):
        query = query.where(Store.code.in_(stores))
    if userids := post.publishers.get("guides"):
        query = query.where(Guide.userid.in_(userids))
    return query.where(Store.code == post.store) if post.store else query


def _sees(post: MomentPost) -> list[ColumnElement[bool]]:
    """The ties through which it is shown."""
    if not post.tag_ids:
        return [Follow.ended_at.is_(None)]
    marked = exists().where(
        FollowTag.follow_id == Follow.id,
        FollowTag.tag_id.in_(post.tag_ids),
        FollowTag.state == MARKED,
    )
    return [Follow.ended_at.is_(None), marked]


async def _friends(session: AsyncSession, post: MomentPost) -> dict[int, int]:
    counted = select(Follow.guide_id, func.count()).where(*_sees(post)).group_by(Follow.guide_id)
    return dict((await session.execute(counted)).all())


async def _people(session: AsyncSession, post: MomentPost, guide_ids: Sequence[int]) -> int:
    if not guide_ids:
        return 0
    people = select(func.count(func.distinct(Follow.customer_id))).where(
        *_sees(post), Follow.guide_id.in_(guide_ids)
    )
    return await session.scalar(people) or 0


class CorpTagName(NamedTuple):
    id: int
    full: str
    corp_tag_id: str


async def corp_tags(session: AsyncSession) -> list[CorpTagName]:
    """Tags that WeCom has too: the only choice of viewers it knows."""
    query = (
        select(Tag.id, TagGroup.name, Tag.name, Tag.corp_tag_id)
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .where(Tag.corp_tag_id.is_not(None))
        .order_by(TagGroup.id, Tag.id)
    )
    rows = await session.execute(query)
    return [CorpTagName(i, f"{group}/{name}", str(corp)) for i, group, name, corp in rows]


@dataclass(slots=True)
class Standing:
    """A post with what became of it with its guides."""

    post: MomentPost
    states: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    friends: int = 0
    seen: int = 0
    likes: int = 0
    comments: int = 0

    @property
    def guides(self) -> int:
        return sum(self.states.values())


async def standing(session: AsyncSession, posts: Sequence[MomentPost]) -> list[Standing]:
    found = {post.id: Standing(post) for post in posts}
    counts = (MomentTask.friends, MomentTask.seen, MomentTask.likes, MomentTask.comments)
    query = (
        select(MomentTask.post_id, MomentTask.state, func.count(), *map(func.sum, counts))
        .where(MomentTask.post_id.in_(found))
        .group_by(MomentTask.post_id, MomentTask.state)
    )
    for post_id, state, number, *sums in await session.execute(query):
        one = found[post_id]
        one.states[state] += number
        friends, seen, likes, comments = (int(each or 0) for each in sums)
        one.friends += friends
        one.seen, one.likes = one.seen + seen, one.likes + likes
        one.comments += comments
    return list(found.values())


async def listed(
    session: AsyncSession, store: str | None, *, before: int | None = None, limit: int = 50
) -> Sequence[MomentPost]:
    """The newest first; of one store those that were written within it."""
    query = select(MomentPost).order_by(MomentPost.id.desc()).limit(limit)
    if store is not None:
        query = query.where(MomentPost.store == store)
    if before is not None:
        query = query.where(MomentPost.id < before)
    return (await session.scalars(query)).all()


class Part(NamedTuple):
    task: MomentTask
    guide: str
    store: str


async def parts(session: AsyncSession, post_id: int) -> list[Part]:
    """Guide by guide; who still has to tap comes first."""
    query = (
        select(MomentTask, Guide.name, Store.name)
        .join(Guide, Guide.id == MomentTask.guide_id)
        .outerjoin(Store, Store.id == Guide.store_id)
        .where(MomentTask.post_id == post_id)
        .order_by(MomentTask.state != "asked", MomentTask.published_at.desc(), MomentTask.id)
    )
    return [Part(task, name, store or "") for task, name, store in await session.execute(query)]


def words_of(vault: Vault, post: MomentPost) -> str:
    """As friends read them."""
    return with_link(vault.unseal(post.text, about=ABOUT), post.card)


class Waiting(NamedTuple):
    """A moment that only this guide can publish."""

    text: str
    pictures: int
    friends: int
    until: datetime
    on_its_way: bool
    """WeCom has not shown it to her yet."""


async def of_guide(
    session: AsyncSession, vault: Vault, guide_id: int, now: datetime
) -> list[Waiting]:
    mine = (MomentTask.guide_id == guide_id, MomentPost.expires_at > now)
    due = (MomentTask.state == "planned") & (MomentPost.due_at <= now)
    query = (
        select(MomentTask, MomentPost)
        .join(MomentPost, MomentPost.id == MomentTask.post_id)
        .where(*mine, or_(MomentTask.state == "asked", due))
        .order_by(MomentPost.expires_at, MomentTask.id)
    )
    return [
        Waiting(
            text=words_of(vault, post),
            pictures=len(post.pictures),
            friends=task.friends,
            until=post.expires_at,
            on_its_way=task.state == "planned",
        )
        for task, post in await session.execute(query)
    ]


async def published_since(session: AsyncSession, guide_id: int, since: datetime) -> int:
    query = select(func.count()).where(
        MomentTask.guide_id == guide_id, MomentTask.published_at >= since
    )
    return await session.scalar(query) or 0
