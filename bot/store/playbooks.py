"""Playbooks as they are published: versions, of files and of people, and which of them count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.journeys import Playbook
from bot.domain.playbooks import PlaybookSpec


class Told(Protocol):
    """Whoever knows the playbooks as they are written."""

    @property
    def playbooks(self) -> Mapping[str, PlaybookSpec]: ...


async def publish_playbooks(session: AsyncSession, content: Told, now: datetime) -> int:
    """Make the written playbooks the published ones; how many became a new version."""
    newest = select(Playbook).order_by(Playbook.key, Playbook.version)
    known = {row.key: row for row in await session.scalars(newest)}
    new = [spec for spec in content.playbooks.values() if not _same(known.get(spec.key), spec)]
    for spec in new:
        await _publish(session, known.get(spec.key), spec, by=FILES, now=now)
    gone = [key for key, row in known.items() if key not in content.playbooks and row.by == FILES]
    for key in gone:
        await _retire(session, key)
    await session.flush()
    return len(new)


FILES = "system:files"


async def publish_one(
    session: AsyncSession, spec: PlaybookSpec, *, by: str, now: datetime
) -> Playbook:
    """The version that counts from now on; the same one when nothing differs."""
    before = await newest(session, spec.key)
    if before is not None and _same(before, spec):
        return before
    return await _publish(session, before, spec, by=by, now=now)


async def _publish(
    session: AsyncSession, before: Playbook | None, spec: PlaybookSpec, *, by: str, now: datetime
) -> Playbook:
    state = before.state if before is not None and before.state == "paused" else "published"
    version = 1 + (before.version if before else 0)
    await _retire(session, spec.key)
    made = _version(spec, version, state=state, at=now)
    made.by = by
    session.add(made)
    await session.flush()
    return made


async def newest(session: AsyncSession, key: str) -> Playbook | None:
    query = select(Playbook).where(Playbook.key == key).order_by(Playbook.version.desc()).limit(1)
    return (await session.scalars(query)).first()


async def live(session: AsyncSession) -> list[Playbook]:
    """Those that count now, paused ones too."""
    query = select(Playbook).where(Playbook.state != "retired").order_by(Playbook.key)
    return list(await session.scalars(query))


async def end(session: AsyncSession, key: str) -> None:
    """Nobody enters any more; who is on the way goes on by her version."""
    await _retire(session, key)


def _body(spec: PlaybookSpec) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _digest(spec: PlaybookSpec) -> str:
    written = json.dumps(_body(spec), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def _same(row: Playbook | None, spec: PlaybookSpec) -> bool:
    return row is not None and row.state != "retired" and row.digest == _digest(spec)


def _version(spec: PlaybookSpec, version: int, *, state: str, at: datetime) -> Playbook:
    return Playbook(
        key=spec.key,
        version=version,
        name=spec.name,
        trigger=spec.trigger,
        body=_body(spec),
        digest=_digest(spec),
        state=state,
        at=at,
        by=FILES,
    )


async def _retire(session: AsyncSession, key: str) -> None:
    live = (Playbook.key == key, Playbook.state != "retired")
    await session.execute(update(Playbook).where(*live).values(state="retired"))


async def pause(session: AsyncSession, key: str, *, on: bool, now: datetime) -> Playbook | None:
    """Nobody enters and nobody moves on while it is paused. None when there is no such playbook."""
    before, after = ("published", "paused") if on else ("paused", "published")
    changes = {"state": after} if on else {"state": after, "at": now}
    query = update(Playbook).where(Playbook.key == key, Playbook.state == before).values(changes)
    moved = await session.scalars(query.returning(Playbook))
    return moved.first()
