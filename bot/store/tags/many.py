"""One tag put on or taken off many customers in a few statements, by a person's hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.tags import CustomerTag
from bot.store.engine import upsert
from bot.store.tags.labels import alive, named, take_others
from bot.store.tags.stirring import stir


class Why(NamedTuple):
    """What a tag shows of how it came."""

    evidence: dict[str, Any]
    by: str
    source: str = "guide"


async def put_on_many(
    session: AsyncSession,
    customer_ids: Sequence[int],
    *,
    tag: str,
    why: Why,
    now: datetime,
) -> list[int]:
    """Those who did not have it from anybody."""
    tag_id, exclusive = await named(session, tag)
    worn = select(CustomerTag.customer_id).where(CustomerTag.tag_id == tag_id, alive(now))
    wearing = set(await session.scalars(worn.where(CustomerTag.customer_id.in_(customer_ids))))
    new = [each for each in customer_ids if each not in wearing]
    if not new:
        return []
    same = {"tag_id": tag_id, "at": now} | why._asdict()
    rows = [{"customer_id": each, "confidence": 1.0, "expires_at": None} | same for each in new]
    insert = upsert(session, CustomerTag)
    renewed = {name: insert.excluded[name] for name in ("evidence", "at", "by", "expires_at")}
    key = ["customer_id", "tag_id", "source"]
    await session.execute(insert.on_conflict_do_update(index_elements=key, set_=renewed), rows)
    if exclusive:
        await take_others(session, new, tag_id)
    await stir(session, new)
    return new


async def take_off_many(session: AsyncSession, customer_ids: Sequence[int], *, tag: str) -> int:
    """Off with it, whoever gave it; how many had it."""
    tag_id, _ = await named(session, tag)
    gone = delete(CustomerTag).where(
        CustomerTag.tag_id == tag_id, CustomerTag.customer_id.in_(customer_ids)
    )
    theirs = set(await session.scalars(gone.returning(CustomerTag.customer_id)))
    await stir(session, sorted(theirs))
    return len(theirs)
