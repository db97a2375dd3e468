"""All tags by their groups: who wears them, since when, from which sources; and where WeCom disagrees."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Follow, Guide
from bot.domain.refusals import Refusal
from bot.domain.tags import CustomerTag, FollowTag, Tag, TagGroup
from bot.store.tags.labels import alive, take
from bot.store.tags.stirring import stir_follow

MOST = 50


@dataclass(slots=True)
class Leaf:
    id: int
    group: str
    name: str
    mirrored: bool
    there: bool
    """WeCom has a corp tag of this name."""
    people: int = 0
    last: datetime | None = None
    sources: dict[str, int] = field(default_factory=dict)

    @property
    def full(self) -> str:
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A guide took a tag off in WeCom that is still worn here."""

    follow_id: int
    tag_id: int
    tag: str
    customer: Customer
    guide: str
    at: datetime


async def tree(session: AsyncSession, now: datetime) -> dict[str, list[Leaf]]:
    rows = await session.execute(
        select(Tag.id, TagGroup.name, Tag.name, Tag.mirrored, Tag.corp_tag_id.is_not(None))
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .order_by(TagGroup.id, Tag.id)
    )
    leaves = {row[0]: Leaf(*row) for row in rows}
    people = func.count(distinct(CustomerTag.customer_id))
    counted = select(CustomerTag.tag_id, people).where(alive(now)).group_by(CustomerTag.tag_id)
    for tag_id, number in await session.execute(counted):
        leaves[tag_id].people = number
    sources = select(
        CustomerTag.tag_id, CustomerTag.source, func.count(), func.max(CustomerTag.at)
    ).where(alive(now))
    for tag_id, source, number, last in await session.execute(
        sources.group_by(CustomerTag.tag_id, CustomerTag.source)
    ):
        leaf = leaves[tag_id]
        leaf.sources[source] = number
        leaf.last = max(last, leaf.last or last)
    found: dict[str, list[Leaf]] = {}
    for leaf in leaves.values():
        found.setdefault(leaf.group, []).append(leaf)
    return found


def _disputed(now: datetime) -> Select[Any]:
    worn = select(CustomerTag.tag_id).where(
        CustomerTag.customer_id == Follow.customer_id,
        CustomerTag.tag_id == FollowTag.tag_id,
        alive(now),
    )
    return (
        select(FollowTag)
        .join(Follow, Follow.id == FollowTag.follow_id)
        .where(FollowTag.state == "declined", Follow.ended_at.is_(None), worn.exists())
    )


async def disputes(session: AsyncSession, now: datetime) -> tuple[int, list[Dispute]]:
    """How many there are, and the newest of them."""
    these = _disputed(now)
    number = await session.scalar(select(func.count()).select_from(these.subquery())) or 0
    rows = await session.execute(
        these.join(Customer, Customer.id == Follow.customer_id)
        .join(Guide, Guide.id == Follow.guide_id)
        .join(Tag, Tag.id == FollowTag.tag_id)
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .with_only_columns(
            FollowTag.follow_id,
            FollowTag.tag_id,
            TagGroup.name + "/" + Tag.name,
            Customer,
            Guide.name,
            FollowTag.at,
        )
        .order_by(FollowTag.at.desc(), FollowTag.follow_id)
        .limit(MOST)
    )
    return number, [Dispute(*row) for row in rows]


async def settle_dispute(
    session: AsyncSession, follow_id: int, tag_id: int, *, keep: bool
) -> None:
    """Ours: it is marked in WeCom once more. Theirs: off with it here too. Raises Refusal settled_before."""
    mark = await session.get(FollowTag, (follow_id, tag_id))
    follow = await session.get(Follow, follow_id)
    if mark is None or follow is None or mark.state != "declined":
        raise Refusal("settled_before", "这一条刚刚有人处理过了", status=409)
    if not keep:
        tag = await session.get_one(Tag, tag_id)
        group = await session.get_one(TagGroup, tag.group_id)
        await take(session, customer_id=follow.customer_id, tag=f"{group.name}/{tag.name}")
        return
    await session.execute(
        delete(FollowTag).where(FollowTag.follow_id == follow_id, FollowTag.tag_id == tag_id)
    )
    await stir_follow(session, follow_id)
