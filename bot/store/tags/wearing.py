"""One tag of one source put on many and taken off many, in parts: callbacks must not wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import and_, delete

from bot.domain.tags import CustomerTag
from bot.store import bulk
from bot.store.engine import Sessions
from bot.store.tags.stirring import stir

T = TypeVar("T")
PART = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """Who loses it and who gets it, and what shows that she should."""

    tag_id: int
    source: str
    gone: Sequence[int]
    new: Sequence[int]
    evidence: Sequence[str] = field(repr=False)
    """JSON, one for each of the new."""

    def __len__(self) -> int:
        return len(self.gone) + len(self.new)


async def wear(sessions: Sessions, change: Change, now: datetime) -> int:
    """How many changed."""
    mine = and_(CustomerTag.tag_id == change.tag_id, CustomerTag.source == change.source)
    for part in _cut(change.gone):
        off = delete(CustomerTag).where(mine, CustomerTag.customer_id.in_(part))
        async with sessions.begin() as session:
            await session.execute(off.execution_options(synchronize_session=False))
            await stir(session, part)
    same = {"tag_id": change.tag_id, "source": change.source, "confidence": 1.0}
    same |= {"at": bulk.moment(now), "by": "system:siyu"}
    for part, why in zip(_cut(change.new), _cut(change.evidence), strict=True):
        columns = {name: [value] * len(part) for name, value in same.items()}
        columns |= {"customer_id": list(part), "evidence": list(why)}
        async with sessions.begin() as session:
            await bulk.append(session, CustomerTag, columns)
            await stir(session, part)
    return len(change)


def _cut(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + PART] for start in range(0, len(rows), PART))
