"""Putting a tag on a customer, with where it came from and what shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import compress
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import Executable, Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.mapping import Moment
from bot.domain.tags import CustomerTag
from bot.store.bulk import among
from bot.store.engine import dialect_of, table_of, upsert_in
from bot.store.tags.labels import alive, named, take_others
from bot.store.tags.stirring import stir
from bot.store.together import together


class Given(TypedDict):
    """One tag for one customer: from which source, shown by what, and for how long."""

    customer_id: int
    tag: str
    source: str
    evidence: dict[str, Any]
    now: datetime
    by: NotRequired[str]
    expires_at: NotRequired[datetime | None]
    confidence: NotRequired[float]


async def put(session: AsyncSession, **given: Unpack[Given]) -> bool:
    """True when she did not have this tag from any source. The same source again renews evidence and expiry."""
    return await together(session, _put, given)


async def _put(session: AsyncSession, given: Sequence[Given]) -> list[bool]:
    known = {tag: await named(session, tag) for tag in sorted({each["tag"] for each in given})}
    rows = [_row(each, known[each["tag"]].id) for each in given]
    worn = await _worn(session, rows)
    new = [(row["customer_id"], row["tag_id"]) not in worn for row in rows]
    for first in (True, False):
        if some := [row for row, is_new in zip(rows, new, strict=True) if is_new is first]:
            await session.execute(_putting(dialect_of(session), first), some)
    for tag_id in sorted(each.id for each in known.values() if each.exclusive):
        whose = [row["customer_id"] for row in rows if row["tag_id"] == tag_id]
        await take_others(session, whose, tag_id)
    await stir(session, sorted({row["customer_id"] for row in compress(rows, new)}))
    return new


def _row(given: Given, tag_id: int) -> dict[str, Any]:
    return {
        "customer_id": given["customer_id"],
        "tag_id": tag_id,
        "source": given["source"],
        "evidence": given["evidence"],
        "confidence": given.get("confidence", 1.0),
        "at": given["now"],
        "expires_at": given.get("expires_at"),
        "by": given.get("by", "system:siyu"),
    }


async def _worn(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> set[tuple[int, int]]:
    """Who of these wears which of these tags, whoever gave it."""
    asked = {
        "customers": sorted({row["customer_id"] for row in rows}),
        "tags": sorted({row["tag_id"] for row in rows}),
        "now": rows[0]["at"],
    }
    return {
        (whose, tag) for whose, tag in await session.execute(_wearing(dialect_of(session)), asked)
    }


@lru_cache
def _putting(dialect: str, new: bool) -> Executable:  # noqa: FBT001 - what it is built for
    table = table_of(CustomerTag)
    insert = upsert_in(dialect, table)
    renewed = ("evidence", "confidence", "expires_at", "by", *(["at"] if new else []))
    # News may come in any order: what is older does not shorten what younger news has given.
    lasts = insert.excluded.expires_at >= table.c.expires_at
    putting: Executable = insert.on_conflict_do_update(
        index_elements=["customer_id", "tag_id", "source"],
        set_={name: insert.excluded[name] for name in renewed},
        where=or_(lasts, lasts.is_(None)),
    )
    return putting


@cache
def _wearing(dialect: str) -> Select[int, int]:
    theirs = among(dialect, CustomerTag.customer_id, "customers")
    these = among(dialect, CustomerTag.tag_id, "tags")
    lasts = alive(bindparam("now", type_=Moment))
    return select(CustomerTag.customer_id, CustomerTag.tag_id).where(theirs, these, lasts)
