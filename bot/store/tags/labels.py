"""Putting tags on a customer and taking them off, each with where it came from and what shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.browsing import Glance
from bot.domain.customers import Follow, Guide
from bot.domain.pets import Pet
from bot.domain.tags import CustomerTag, FollowTag, Tag, TagBook, TagGroup, TagGroupSpec, parts
from bot.store.engine import upsert
from bot.store.tags.stirring import stir
from bot.tongue import _, listed


class Worn(NamedTuple):
    """A tag as people see it, with its reason."""

    tag: str
    row: CustomerTag


async def take(
    session: AsyncSession, *, customer_id: int, tag: str, source: str | None = None
) -> bool:
    """Off with it, whoever gave it, or only what this source gave. False when she did not have it."""
    gone = delete(CustomerTag).where(
        CustomerTag.customer_id == customer_id, CustomerTag.tag_id.in_(_ids(tag))
    )
    if source is not None:
        gone = gone.where(CustomerTag.source == source)
    hers = (await session.scalars(gone.returning(CustomerTag.customer_id))).all()
    await stir(session, sorted(set(hers)))
    return bool(hers)


async def forget_answers(session: AsyncSession, customer_ids: Sequence[int]) -> None:
    """What they said of themselves, and what they looked at, goes with the consent to use it."""
    gone = delete(CustomerTag).where(
        CustomerTag.customer_id.in_(customer_ids), CustomerTag.source.in_(("answer", "counter"))
    )
    theirs = (await session.scalars(gone.returning(CustomerTag.customer_id))).all()
    for kept in (Pet, Glance):
        await session.execute(delete(kept).where(kept.customer_id.in_(customer_ids)))
    await stir(session, sorted(set(theirs)))


async def forget_own(session: AsyncSession, customer_ids: Sequence[int], purpose: str) -> None:
    """What only she may say goes with the consent it was said under."""
    under = select(Tag.id).join(TagGroup).where(TagGroup.consent == purpose)
    gone = delete(CustomerTag).where(
        CustomerTag.customer_id.in_(customer_ids), CustomerTag.tag_id.in_(under)
    )
    theirs = (await session.scalars(gone.returning(CustomerTag.customer_id))).all()
    await stir(session, sorted(set(theirs)))


async def worn(session: AsyncSession, customer_id: int, now: datetime) -> list[Worn]:
    """Her tags with their sources, by group and name."""
    rows = await session.execute(
        select(TagGroup.name, Tag.name, CustomerTag)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .where(CustomerTag.customer_id == customer_id, alive(now))
        .order_by(TagGroup.name, Tag.name, CustomerTag.source)
        .execution_options(populate_existing=True)
    )
    return [Worn(f"{group}/{name}", row) for group, name, row in rows]


async def conflicts(session: AsyncSession, customer_id: int, now: datetime) -> list[str]:
    """Where the sources disagree about her, in words: nobody's word is taken away silently."""
    rows = await session.execute(
        select(TagGroup.name, Tag.name, Guide.name)
        .select_from(FollowTag)
        .join(Follow, Follow.id == FollowTag.follow_id)
        .join(Guide, Guide.id == Follow.guide_id)
        .join(Tag, Tag.id == FollowTag.tag_id)
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .where(Follow.customer_id == customer_id, FollowTag.state == "declined")
        .order_by(TagGroup.name, Tag.name)
    )
    hers = {each.tag: each.row for each in await worn(session, customer_id, now)}
    told = [
        _(
            "%(guide)s 摘掉了「%(tag)s」，这里还留着：企业微信上不再打给她",
            guide=guide,
            tag=f"{group}/{name}",
        )
        for group, name, guide in rows
        if f"{group}/{name}" in hers
    ]
    one_only = set(await session.scalars(select(TagGroup.name).where(TagGroup.exclusive)))
    for group in sorted(one_only):
        several = sorted(tag for tag in hers if parts(tag)[0] == group)
        if len(several) > 1:
            names = listed(parts(tag)[1] for tag in several)
            told.append(_("「%(group)s」只该有一个，现在有 %(names)s", group=group, names=names))
    return told


class Known(NamedTuple):
    id: int
    exclusive: bool
    """Whether of its group she wears one only."""


async def named(session: AsyncSession, tag: str) -> Known:
    """The tag, made if nobody used it yet."""
    group, name = parts(tag)
    asked = {"its_group": group, "its_name": name}
    row = (await session.execute(_KNOWN, asked)).first()
    if row is None:
        await add_to_group(session, group, [name])
        row = (await session.execute(_KNOWN, asked)).one()
    return Known(*row)


async def ids_of(session: AsyncSession, names: Collection[str]) -> dict[str, int]:
    """The ids of these tags, made if they are not there."""
    rows = await session.execute(_NAMED, {"names": [parts(name) for name in names]})
    found = {f"{group}/{name}": tag_id for group, name, tag_id in rows}
    for missing in sorted(set(names) - found.keys()):
        found[missing], _ = await named(session, missing)
    return found


# Asked with nearly every event: built once.
_KNOWN = (
    select(Tag.id, TagGroup.exclusive)
    .join(TagGroup, TagGroup.id == Tag.group_id)
    .where(TagGroup.name == bindparam("its_group"), Tag.name == bindparam("its_name"))
)
_NAMED = (
    select(TagGroup.name, Tag.name, Tag.id)
    .join(Tag, Tag.group_id == TagGroup.id)
    .where(tuple_(TagGroup.name, Tag.name).in_(bindparam("names", expanding=True)))
)


async def publish(session: AsyncSession, book: TagBook) -> None:
    """Make the groups and tags of the book known, as it says they are."""
    known = await _said_before(session, book.groups)
    for spec in (spec for spec in book.groups if spec.name not in known):
        await add_to_group(session, spec.name, spec.tags)
        await session.execute(
            update(TagGroup)
            .where(
                TagGroup.name == spec.name,
                or_(
                    TagGroup.exclusive.is_not(spec.exclusive),
                    TagGroup.consent.is_distinct_from(spec.consent),
                ),
            )
            .values(exclusive=spec.exclusive, consent=spec.consent)
        )
        await session.execute(
            update(Tag)
            .where(Tag.group_id.in_(_group(spec.name)), Tag.mirrored.is_not(spec.mirrored))
            .values(mirrored=spec.mirrored)
        )


async def _said_before(session: AsyncSession, groups: Sequence[TagGroupSpec]) -> set[str]:
    """Of these groups, those that are known just so."""
    terms, tags = {}, defaultdict[str, dict[str, bool]](dict)
    query = select(TagGroup.name, TagGroup.exclusive, TagGroup.consent, Tag.name, Tag.mirrored)
    for group, exclusive, consent, name, mirrored in await session.execute(
        query.join(Tag, Tag.group_id == TagGroup.id, isouter=True)
    ):
        terms[group] = exclusive, consent
        if name is not None:
            tags[group][name] = mirrored
    return {
        spec.name
        for spec in groups
        if terms.get(spec.name) == (spec.exclusive, spec.consent)
        and tags[spec.name].keys() >= set(spec.tags)
        and set(tags[spec.name].values()) <= {spec.mirrored}
    }


async def expire(session: AsyncSession, now: datetime) -> int:
    """Off with what has run out."""
    gone = delete(CustomerTag).where(CustomerTag.expires_at <= now)
    theirs = (await session.scalars(gone.returning(CustomerTag.customer_id))).all()
    await stir(session, sorted(set(theirs)))
    return len(theirs)


def alive(now: Any) -> Any:
    return or_(CustomerTag.expires_at.is_(None), CustomerTag.expires_at > now)


async def take_others(session: AsyncSession, customer_ids: Sequence[int], tag_id: int) -> None:
    """Off with whatever else of its group they wear."""
    group = select(Tag.group_id).where(Tag.id == tag_id).scalar_subquery()
    others = select(Tag.id).where(Tag.group_id == group, Tag.id != tag_id)
    gone = delete(CustomerTag).where(
        CustomerTag.customer_id.in_(customer_ids), CustomerTag.tag_id.in_(others)
    )
    await session.execute(gone)


async def add_to_group(session: AsyncSession, group: str, names: Sequence[str]) -> None:
    """Make these tags known; those that are, stay as they are."""
    made = upsert(session, TagGroup).values(name=group, exclusive=False)
    await session.execute(made.on_conflict_do_nothing(index_elements=["name"]))
    group_id = (await session.scalars(_group(group))).one()
    rows = [{"group_id": group_id, "name": name, "mirrored": True} for name in names]
    if rows:
        await session.execute(upsert(session, Tag).on_conflict_do_nothing(), rows)


def _group(name: str) -> Select[int]:
    return select(TagGroup.id).where(TagGroup.name == name)


def _ids(tag: str) -> Select[int]:
    group, name = parts(tag)
    return select(Tag.id).where(Tag.group_id.in_(_group(group)), Tag.name == name)
