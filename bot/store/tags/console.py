"""Corp tags as people made, renamed and deleted them in WeCom's console, against the ones we know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.refusals import Refusal
from bot.domain.tags import CustomerTag, FollowTag, Tag, TagBook, TagGroup, parts
from bot.store.tags.labels import add_to_group
from bot.store.tags.mirror import learn
from bot.store.tags.stirring import stir_wearers


class CorpTag(NamedTuple):
    id: str
    name: str
    group: str
    group_id: str

    @property
    def full(self) -> str:
        return f"{self.group}/{self.name}"


class Renamed(NamedTuple):
    tag: CorpTag
    ours: str
    """组/名, as we call it."""
    ruled: bool
    """Rules give it by our name: it cannot be called otherwise here."""


@dataclass(slots=True)
class Drifted:
    missing_here: list[CorpTag] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    missing_there: list[str] = field(default_factory=list)
    """Ids of corp tags and of groups that are gone."""


def corp_tags(groups: Iterable[Mapping[str, Any]]) -> list[CorpTag]:
    """The lasting tags of a `get_corp_tag_list` answer."""
    return [
        CorpTag(str(tag["id"]), str(tag["name"]), str(group["group_name"]), str(group["group_id"]))
        for group in groups
        if not group.get("deleted")
        for tag in group.get("tag") or ()
        if not tag.get("deleted")
    ]


def may_be_ours(tag: CorpTag, book: TagBook) -> bool:
    """A name that may not be a tag of ours stays the console's affair."""
    try:
        parts(tag.full)
    except Refusal:
        return False
    return book.too_precise(tag.full) is None


def names_to_give(tag: CorpTag, ours: str) -> list[tuple[str, str]]:
    """Which of tag and group must be renamed there to be called as we call them: id and name."""
    group, name = parts(ours)
    pairs = ((tag.id, tag.name, name), (tag.group_id, tag.group, group))
    return [(thing, wanted) for thing, called, wanted in pairs if called != wanted]


async def drifted(session: AsyncSession, there: Sequence[CorpTag], book: TagBook) -> Drifted:
    rows = await session.execute(
        select(Tag.corp_tag_id, TagGroup.name, Tag.name, _given_by_rules())
        .join(TagGroup, TagGroup.id == Tag.group_id)
        .where(Tag.corp_tag_id.is_not(None))
        .order_by(Tag.id)
    )
    ours, ruled = dict[str, str](), set[str]()
    for corp_id, group, name, given in rows:
        ours[str(corp_id)] = full = f"{group}/{name}"
        ruled |= {full} if given or book.knows(full) else set()
    group_ids = await session.scalars(
        select(TagGroup.corp_group_id).where(TagGroup.corp_group_id.is_not(None))
    )
    found = Drifted()
    for tag in there:
        if tag.id not in ours:
            found.missing_here += [tag] if may_be_ours(tag, book) else []
        elif ours[tag.id] != tag.full:
            found.renamed.append(Renamed(tag, ours[tag.id], ours[tag.id] in ruled))
    ids, groups = {tag.id for tag in there}, {tag.group_id for tag in there}
    found.missing_there = [corp_id for corp_id in ours if corp_id not in ids]
    found.missing_there += sorted({str(each) for each in group_ids} - groups)
    return found


def _given_by_rules() -> ColumnElement[bool]:
    worn = CustomerTag.tag_id == Tag.id
    return exists().where(worn, CustomerTag.source.not_in(("guide", "platform")))


async def meet_corp_tag(session: AsyncSession, tag: CorpTag) -> None:
    """A tag of the console is a tag of ours from now on."""
    await add_to_group(session, tag.group, [tag.name])
    await learn(session, _as_group(tag))


async def rename_to(session: AsyncSession, tag: CorpTag) -> None:
    """Call ours as the console calls it. Where we have one of that name, that one stands for both."""
    old = (await session.scalars(select(Tag.id).where(Tag.corp_tag_id == tag.id))).one()
    await add_to_group(session, tag.group, [])
    group_id = (await session.scalars(select(TagGroup.id).where(TagGroup.name == tag.group))).one()
    same = select(Tag.id).where(Tag.group_id == group_id, Tag.name == tag.name, Tag.id != old)
    if await session.scalar(same) is None:
        renamed = update(Tag).where(Tag.id == old)
        await session.execute(renamed.values(group_id=group_id, name=tag.name))
    else:
        await _retire(session, old)
    await learn(session, _as_group(tag))


async def _retire(session: AsyncSession, tag_id: int) -> None:
    """What guides put on by this name is found again under the other one."""
    await session.execute(delete(FollowTag).where(FollowTag.tag_id == tag_id))
    await session.execute(
        delete(CustomerTag).where(CustomerTag.tag_id == tag_id, CustomerTag.source == "guide")
    )
    await session.execute(
        update(Tag).where(Tag.id == tag_id).values(corp_tag_id=None, mirrored=False)
    )
    await stir_wearers(session, [tag_id])


def _as_group(tag: CorpTag) -> dict[str, Any]:
    named = [{"id": tag.id, "name": tag.name}]
    return {"group_id": tag.group_id, "group_name": tag.group, "tag": named}
