"""Keeping the platform's corp tags equal with ours, as little as needed and one writer per follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Follow, Guide
from bot.domain.mapping import Moment
from bot.domain.tags import CustomerTag, FollowMirror, FollowTag, Tag, TagGroup
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.tags.labels import alive
from bot.store.tags.stirring import stir_follow, stir_wearers
from bot.store.together import together


class NewCorpTags(NamedTuple):
    group: str
    corp_group_id: str | None
    tags: dict[int, str]


class Marking(NamedTuple):
    """What one follow lacks or has too much."""

    follow_id: int
    userid: str
    external_userid: str
    add: dict[int, str]
    """Our tag id → the corp tag's."""
    remove: dict[int, str]


async def to_look_at(session: AsyncSession, now: datetime, *, limit: int = 50) -> Sequence[int]:
    """Follows that changed and that nobody is writing; they count as looked at from now on."""
    ripe = or_(FollowMirror.not_before.is_(None), FollowMirror.not_before <= now)
    chosen = (
        select(FollowMirror.follow_id)
        .where(FollowMirror.dirty, ~FollowMirror.busy, ripe)
        .order_by(FollowMirror.follow_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    follow_ids = (await session.scalars(chosen)).all()
    await session.execute(
        update(FollowMirror).where(FollowMirror.follow_id.in_(follow_ids)).values(dirty=False)
    )
    return follow_ids


async def without_corp_tag(
    session: AsyncSession, follow_ids: Sequence[int], now: datetime
) -> list[NewCorpTags]:
    """Tags that these customers wear and that the platform does not know, by group."""
    followed = exists().where(
        CustomerTag.tag_id == Tag.id,
        alive(now),
        Follow.customer_id == CustomerTag.customer_id,
        Follow.id.in_(follow_ids),
        Follow.ended_at.is_(None),
    )
    rows = await session.execute(
        select(TagGroup.name, TagGroup.corp_group_id, Tag.id, Tag.name)
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .where(Tag.mirrored, Tag.corp_tag_id.is_(None), followed)
        .order_by(TagGroup.id, Tag.id)
    )
    found: dict[str, NewCorpTags] = {}
    for group, corp_group_id, tag_id, name in rows:
        entry = found.setdefault(group, NewCorpTags(group, corp_group_id, {}))
        entry.tags[tag_id] = name
    return list(found.values())


async def learn(session: AsyncSession, corp_group: Mapping[str, Any]) -> None:
    """Note the platform's ids of a group and of those of its tags that are ours."""
    name = str(corp_group["group_name"])
    await session.execute(
        update(TagGroup).where(TagGroup.name == name).values(corp_group_id=corp_group["group_id"])
    )
    group = select(TagGroup.id).where(TagGroup.name == name).scalar_subquery()
    learnt: list[int] = []
    for tag in corp_group.get("tag", ()):
        if not tag.get("deleted"):
            ours = update(Tag).where(
                Tag.group_id == group,
                Tag.name == tag["name"],
                Tag.corp_tag_id.is_distinct_from(tag["id"]),
            )
            learnt += await session.scalars(ours.values(corp_tag_id=tag["id"]).returning(Tag.id))
    await stir_wearers(session, learnt)


async def unmirror(session: AsyncSession, corp_id: str) -> None:
    """A corp tag, or a whole group of them, is gone at the platform and shall stay gone."""
    group = select(TagGroup.id).where(TagGroup.corp_group_id == corp_id)
    gone = or_(Tag.corp_tag_id == corp_id, Tag.group_id.in_(group))
    ids = list(await session.scalars(select(Tag.id).where(gone)))
    await session.execute(delete(FollowTag).where(FollowTag.tag_id.in_(ids)))
    await session.execute(
        update(Tag).where(Tag.id.in_(ids)).values(corp_tag_id=None, mirrored=False)
    )
    await session.execute(
        update(TagGroup).where(TagGroup.corp_group_id == corp_id).values(corp_group_id=None)
    )


async def due(session: AsyncSession, follow_ids: Sequence[int], now: datetime) -> list[Marking]:
    """Those of these follows whose corp tags are not what they should be."""
    follows = await session.execute(
        select(Follow.id, Guide.userid, Follow.external_userid)
        .join(Guide, Guide.id == Follow.guide_id)
        .where(Follow.id.in_(follow_ids))
        .order_by(Follow.id)
    )
    found = {row.id: Marking(row.id, row.userid, row.external_userid, {}, {}) for row in follows}
    for part, place in ((_wanted(follow_ids, now), "add"), (_stale(follow_ids, now), "remove")):
        for follow_id, tag_id, corp_tag_id in await session.execute(part):
            getattr(found[follow_id], place)[tag_id] = corp_tag_id
    return [marking for marking in found.values() if marking.add or marking.remove]


async def begin(
    session: AsyncSession, markings: Sequence[Marking], now: datetime
) -> dict[int, int]:
    """These follows, of those looked at, are being written from now on: follow → the number of the attempt."""
    if not markings:
        return {}
    theirs = FollowMirror.follow_id.in_([marking.follow_id for marking in markings])
    rounds = await session.execute(
        update(FollowMirror)
        .where(theirs)
        .values(round=FollowMirror.round + 1, busy=True)
        .returning(FollowMirror.follow_id, FollowMirror.round)
    )
    rows = [
        {"follow_id": marking.follow_id, "tag_id": tag_id, "state": state, "at": now}
        for marking in markings
        for state, tags in (("adding", marking.add), ("removing", marking.remove))
        for tag_id in tags
    ]
    await session.execute(_stating(dialect_of(session)), rows)
    return dict(rounds.all())


async def marked(session: AsyncSession, follow_id: int, now: datetime) -> None:
    """The platform did it."""
    hers = {"its_follow": follow_id, "at_moment": now}
    for statement in _MARKED:
        await session.execute(statement, hers)


_FOLLOW = bindparam("its_follow", type_=Integer)
_marks, _mirrors = table_of(FollowTag), table_of(FollowMirror)
_ALL_MARKS = delete(_marks).where(_marks.c.follow_id.in_(bindparam("follows", expanding=True)))
_MARKED = (
    delete(_marks).where(_marks.c.follow_id == _FOLLOW, _marks.c.state == "removing"),
    update(_marks)
    .where(_marks.c.follow_id == _FOLLOW, _marks.c.state == "adding")
    .values(state="marked", at=bindparam("at_moment", type_=Moment)),
    update(_mirrors).where(_mirrors.c.follow_id == _FOLLOW).values(busy=False, not_before=None),
)


async def not_marked(session: AsyncSession, follow_id: int, *, again_at: datetime) -> None:
    """The platform did not, or did not say: ask again then."""
    hers = FollowTag.follow_id == follow_id
    await session.execute(delete(FollowTag).where(hers, FollowTag.state == "adding"))
    await session.execute(
        update(FollowTag).where(hers, FollowTag.state == "removing").values(state="marked")
    )
    await session.execute(
        update(FollowMirror)
        .where(FollowMirror.follow_id == follow_id)
        .values(busy=False, not_before=again_at, dirty=True)
    )


async def begin_anew(session: AsyncSession, follow_id: int, *, known: bool = True) -> None:
    """The tie began, or began again: what stood on one that was known is gone."""
    if known:
        await together(session, _unmark, follow_id)
    await stir_follow(session, follow_id)


async def _unmark(session: AsyncSession, follow_ids: Sequence[int]) -> Sequence[int]:
    await session.execute(_ALL_MARKS, {"follows": list(follow_ids)})
    return follow_ids


@lru_cache
def _stating(dialect: str) -> Executable:
    insert = upsert_in(dialect, table_of(FollowTag))
    new = {"state": insert.excluded.state, "at": insert.excluded.at}
    stating: Executable = insert.on_conflict_do_update(
        index_elements=["follow_id", "tag_id"], set_=new
    )
    return stating


def _wanted(follow_ids: Sequence[int], now: datetime) -> Select[int, int, str | None]:
    """(follow, tag, corp tag) that should stand at the platform and does not."""
    known = exists().where(FollowTag.follow_id == Follow.id, FollowTag.tag_id == Tag.id)
    return (
        select(Follow.id.label("follow_id"), Tag.id.label("tag_id"), Tag.corp_tag_id)
        .join(CustomerTag, CustomerTag.customer_id == Follow.customer_id)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(
            Follow.id.in_(follow_ids), Follow.ended_at.is_(None), _mirrored(), alive(now), ~known
        )
        .distinct()
    )


def _stale(follow_ids: Sequence[int], now: datetime) -> Select[int, int, str | None]:
    """(follow, tag, corp tag) that we or a guide put there and that she does not wear any more."""
    worn = exists().where(
        CustomerTag.customer_id == Follow.customer_id,
        CustomerTag.tag_id == FollowTag.tag_id,
        alive(now),
    )
    return (
        select(FollowTag.follow_id, FollowTag.tag_id, Tag.corp_tag_id)
        .join(Follow, Follow.id == FollowTag.follow_id)
        .join(Tag, Tag.id == FollowTag.tag_id)
        .where(
            Follow.id.in_(follow_ids),
            Follow.ended_at.is_(None),
            FollowTag.state == "marked",
            _mirrored(),
            ~worn,
        )
    )


def _mirrored() -> ColumnElement[bool]:
    return and_(Tag.mirrored, Tag.corp_tag_id.is_not(None))
