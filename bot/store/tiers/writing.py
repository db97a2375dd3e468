"""Writing down what changed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
from sqlalchemy import Table, delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.tier_places import NOWHERE, Places, reason
from bot.domain.tiering import Habits, Ints, Scores
from bot.domain.tiers import SHARES, TIERS, CustomerTier, PurchaseStats, TierMove
from bot.store.engine import upsert
from bot.store.tiers.reading import KeptTiers, aligned

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where everybody who was looked at stands now, beside where they stood."""

    known: Habits
    scores: Scores
    places: Places
    before: Ints
    kept: KeptTiers
    today: int
    as_of: datetime

    @property
    def moved(self) -> Ints:
        """Rows whose tier changed; somebody's first tier is no move."""
        return np.flatnonzero((self.before != NOWHERE) & (self.before != self.places.tier))

    def changed(self) -> Ints:
        """Rows that differ in anything from what is kept."""
        at, found = aligned(self.kept.customer, self.known.customer)
        places, kept, old = self.places, self.kept, at[found]
        cells = places.recency * 100 + places.frequency * 10 + places.monetary
        same = np.zeros(len(found), dtype=bool)
        same[found] = (
            (kept.tier[old] == places.tier[found])
            & (kept.share[old] == places.share[found])
            & (kept.cells[old] == cells[found])
            & (kept.score[old] == self.scores.value[found])
            & (kept.rank[old] == places.rank[found])
        )
        return np.flatnonzero(~same)

    def lines(self, rows: Ints) -> Iterator[Line]:
        places, since = self.places, self._since()
        for i in rows.tolist():
            yield {
                "customer_id": int(self.known.customer[i]),
                "tier": TIERS[places.tier[i]],
                "share_class": SHARES[places.share[i]],
                "score": float(self.scores.value[i]),
                "activity": float(self.scores.activity[i]),
                "overdue": float(self.scores.overdue[i]),
                "rank": float(places.rank[i]),
                "recency": int(places.recency[i]),
                "frequency": int(places.frequency[i]),
                "monetary": int(places.monetary[i]),
                "reason": self.reason(i),
                "since": moment(since[i]),
            }

    def moves(self, rows: Ints) -> Iterator[Line]:
        for i in rows.tolist():
            was = int(self.before[i])
            yield {
                "customer_id": int(self.known.customer[i]),
                "before": None if was == NOWHERE else TIERS[was],
                "after": TIERS[self.places.tier[i]],
                "reason": self.reason(i),
                "at": self.as_of,
            }

    def stats(self, rows: Ints, categories: dict[int, str]) -> Iterator[Line]:
        known = self.known
        for i in rows.tolist():
            customer_id = int(known.customer[i])
            yield {
                "customer_id": customer_id,
                "first_at": moment(known.first_at[i]),
                "last_at": moment(known.last_at[i]),
                "days": int(known.days[i]),
                "orders": int(known.orders[i]),
                "amount_fen": int(known.amount[i]),
                "top_category": categories.get(customer_id),
                "as_of": self.as_of,
            }

    def stale_stats(self, kept: Ints) -> Ints:
        """Rows whose purchases are not what was written down."""
        known = self.known
        at, found = aligned(kept[:, 0], known.customer)
        now = np.stack((known.last_at, known.days, known.orders, known.amount), axis=1)
        same = np.zeros(len(found), dtype=bool)
        same[found] = (kept[at[found], 1:] == now[found]).all(axis=1)
        return np.flatnonzero(~same)

    def reason(self, i: int) -> str:
        known = self.known
        return reason(
            int(self.places.tier[i]),
            float(self.places.rank[i]),
            idle=self.today - 1 - int(known.last[i]),
            gap=float(self.scores.gap[i]),
            days=int(known.days[i]),
        )

    def _since(self) -> Ints:
        at, found = aligned(self.kept.customer, self.known.customer)
        since = np.full(len(found), int(self.as_of.timestamp()))
        stayed = found & (self.before == self.places.tier)
        since[stayed] = self.kept.since[at[stayed]]
        return since


def moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


async def write_tiers(session: AsyncSession, lines: Sequence[Line]) -> None:
    await _replace(session, CustomerTier, lines)


async def write_stats(session: AsyncSession, lines: Sequence[Line]) -> None:
    await _replace(session, PurchaseStats, lines)


async def write_moves(session: AsyncSession, lines: Sequence[Line]) -> None:
    if lines:
        await session.execute(insert(TierMove), lines)


async def forget(session: AsyncSession, customer_ids: Sequence[int]) -> None:
    """Records that were folded into others."""
    for table in (CustomerTier, PurchaseStats):
        await session.execute(delete(table).where(table.customer_id.in_(customer_ids)))


async def _replace(session: AsyncSession, table: type[Any], lines: Sequence[Line]) -> None:
    if not lines:
        return
    statement = upsert(session, cast("Table", table.__table__))
    columns = [name for name in lines[0] if name != "customer_id"]
    fresh = {name: statement.excluded[name] for name in columns}
    await session.execute(
        statement.on_conflict_do_update(index_elements=["customer_id"], set_=fresh), lines
    )
