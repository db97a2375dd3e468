"""What the platform says stands on a follow: tags that guides put on or took off in their client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Follow
from bot.domain.mapping import Moment
from bot.domain.refusals import Refusal
from bot.domain.tags import CustomerTag, FollowTag, Tag, TagBook, parts
from bot.store.engine import upsert
from bot.store.tags.labels import named
from bot.store.tags.putting import put

CORP, PERSONAL, STRATEGY = 1, 2, 3
SOURCES = {CORP: "guide", STRATEGY: "platform"}
"""A guide's personal tags are her own notes: we leave them to her."""


@dataclass(frozen=True)
class Look:
    """One answer of the platform about one follow."""

    session: AsyncSession
    follow: Follow
    userid: str
    asked_at: datetime
    now: datetime

    async def note(self, book: TagBook, tags: Iterable[Mapping[str, Any]]) -> None:
        """Take over what a guide changed; our own marks are known already."""
        seen = set()
        for tag in tags:
            source = SOURCES.get(int(tag.get("type", CORP)))
            tag_id = await self._known(book, tag) if source else None
            if source and tag_id is not None:
                seen.add(tag_id)
                await self._put_on(tag_id, source, tag)
        await self._taken_off(seen)

    async def _known(self, book: TagBook, tag: Mapping[str, Any]) -> int | None:
        corp_id = tag.get("tag_id")
        if corp_id:
            known = await self.session.scalar(select(Tag.id).where(Tag.corp_tag_id == corp_id))
            if known is not None:
                return known
        name = _name(tag)
        if name is None or book.too_precise(name):
            return None  # a name that may not be a tag of ours stays the guide's affair
        tag_id, _ = await named(self.session, name)
        if corp_id:
            await self.session.execute(
                update(Tag)
                .where(Tag.id == tag_id, Tag.corp_tag_id.is_(None))
                .values(corp_tag_id=corp_id)
            )
        return tag_id

    async def _put_on(self, tag_id: int, source: str, tag: Mapping[str, Any]) -> None:
        here = FollowTag.follow_id == self.follow.id
        state = await self.session.scalar(
            select(FollowTag.state).where(here, FollowTag.tag_id == tag_id)
        )
        if state not in {None, "declined"}:
            return
        insert = upsert(self.session, FollowTag).values(
            follow_id=self.follow.id, tag_id=tag_id, state="marked", at=self.now
        )
        await self.session.execute(
            insert.on_conflict_do_update(
                index_elements=["follow_id", "tag_id"],
                set_={"state": "marked", "at": self.now},
            )
        )
        await put(
            self.session,
            customer_id=self.follow.customer_id,
            tag=str(_name(tag)),
            source=source,
            evidence={"follow": self.userid},
            now=self.now,
            by=f"guide:{self.userid}",
        )

    async def _taken_off(self, seen: set[int]) -> None:
        """Marks that stood there before we asked and stand there no more: the guide's word holds on her follow."""
        asked = {"follow": self.follow.id, "asked_at": self.asked_at}
        stood = await self.session.scalars(_STOOD, asked)
        gone = [tag_id for tag_id in stood if tag_id not in seen]
        if not gone:
            return
        await self.session.execute(
            update(FollowTag)
            .where(FollowTag.follow_id == self.follow.id, FollowTag.tag_id.in_(gone))
            .values(state="declined", at=self.now)
        )
        await self.session.execute(
            delete(CustomerTag).where(
                CustomerTag.customer_id == self.follow.customer_id,
                CustomerTag.tag_id.in_(gone),
                CustomerTag.source == "guide",
                CustomerTag.by == f"guide:{self.userid}",
            )
        )


_STOOD = select(FollowTag.tag_id).where(
    FollowTag.follow_id == bindparam("follow"),
    FollowTag.state == "marked",
    FollowTag.at < bindparam("asked_at", type_=Moment),
)


def _name(tag: Mapping[str, Any]) -> str | None:
    """As 组/名, if the platform's names allow it."""
    name = "/".join(str(tag.get(part, "")).strip() for part in ("group_name", "tag_name"))
    try:
        parts(name)
    except Refusal:
        return None
    return name
