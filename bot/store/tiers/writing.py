"""Writing down what changed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.tier_places import NOWHERE, Places, reason
from bot.domain.tiering import Habits, Ints, Scores
from bot.domain.tiers import SHARES, TIERS, CustomerTier, PurchaseStats, TierMove
from bot.store import bulk
from bot.store.bulk import moments
from bot.store.tiers.reading import KeptTiers, aligned

Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where everybody who was looked at stands now, beside where they stood."""

    known: Habits
    scores: Scores
    places: Places
    stars: Ints
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
        cells = places.recency * 1000 + places.frequency * 100 + places.monetary * 10 + self.stars
        same = np.zeros(len(found), dtype=bool)
        same[found] = (
            (kept.tier[old] == places.tier[found])
            & (kept.share[old] == places.share[found])
            & (kept.cells[old] == cells[found])
            & (kept.score[old] == self.scores.value[found])
            & (kept.rank[old] == places.rank[found])
        )
        return np.flatnonzero(~same)

    def lines(self, rows: Ints) -> Columns:
        places, scores = self.places, self.scores
        return {
            "customer_id": self.known.customer[rows].tolist(),
            "tier": [TIERS[i] for i in places.tier[rows].tolist()],
            "share_class": [SHARES[i] for i in places.share[rows].tolist()],
            "score": scores.value[rows].tolist(),
            "activity": scores.activity[rows].tolist(),
            "overdue": scores.overdue[rows].tolist(),
            "rank": places.rank[rows].tolist(),
            "recency": places.recency[rows].tolist(),
            "frequency": places.frequency[rows].tolist(),
            "monetary": places.monetary[rows].tolist(),
            "star": self.stars[rows].tolist(),
            "reason": self._reasons(rows),
            "since": moments(self._since(rows)),
        }

    def moves(self, rows: Ints) -> Columns:
        before = self.before[rows].tolist()
        return {
            "customer_id": self.known.customer[rows].tolist(),
            "before": [None if was == NOWHERE else TIERS[was] for was in before],
            "after": [TIERS[i] for i in self.places.tier[rows].tolist()],
            "reason": self._reasons(rows),
        }

    def stats(self, rows: Ints, categories: Mapping[int, str]) -> Columns:
        known, customers = self.known, self.known.customer[rows].tolist()
        return {
            "customer_id": customers,
            "first_at": moments(known.first_at[rows]),
            "last_at": moments(known.last_at[rows]),
            "days": known.days[rows].tolist(),
            "orders": known.orders[rows].tolist(),
            "amount_fen": known.amount[rows].tolist(),
            "top_category": [categories.get(customer_id) for customer_id in customers],
            "as_of": [bulk.moment(self.as_of)] * len(rows),
        }

    def stale_stats(self, kept: Ints) -> Ints:
        """Rows whose purchases are not what was written down."""
        known = self.known
        at, found = aligned(kept[:, 0], known.customer)
        now = np.stack((known.last_at, known.days, known.orders, known.amount), axis=1)
        same = np.zeros(len(found), dtype=bool)
        same[found] = (kept[at[found], 1:] == now[found]).all(axis=1)
        return np.flatnonzero(~same)

    def _reasons(self, rows: Ints) -> list[str]:
        known = self.known
        facts = zip(
            self.places.tier[rows].tolist(),
            self.places.rank[rows].tolist(),
            (self.today - 1 - known.last[rows]).tolist(),
            self.scores.gap[rows].tolist(),
            known.days[rows].tolist(),
            strict=True,
        )
        return [
            reason(tier, rank, idle=idle, gap=gap, days=days)
            for tier, rank, idle, gap, days in facts
        ]

    def _since(self, rows: Ints) -> Ints:
        at, found = aligned(self.kept.customer, self.known.customer[rows])
        since = np.full(len(found), int(self.as_of.timestamp()))
        stayed = found & (self.before[rows] == self.places.tier[rows])
        since[stayed] = self.kept.since[at[stayed]]
        return since


@dataclass(frozen=True, slots=True)
class Work:
    """Rows to write, as far as anything about them is new."""

    gone: Ints
    stats: Ints
    tiers: Ints
    categories: dict[int, str]

    def among(self, rows: Ints) -> Work:
        """Of these rows in order, between which there are no others to write."""
        stats, tiers = (
            each[np.searchsorted(each, rows[0]) : np.searchsorted(each, rows[-1], side="right")]
            for each in (self.stats, self.tiers)
        )
        return replace(self, stats=stats, tiers=tiers)


@dataclass(frozen=True, slots=True)
class New:
    """Rows as they will be written down, all of a customer's together."""

    stats: Columns
    tiers: Columns
    moves: Columns
    at: datetime

    @classmethod
    def of(cls, standing: Standing, work: Work) -> New:
        moved = np.intersect1d(work.tiers, standing.moved, assume_unique=True)
        return cls(
            stats=standing.stats(work.stats, work.categories),
            tiers=standing.lines(work.tiers),
            moves=standing.moves(moved),
            at=standing.as_of,
        )

    async def write(self, session: AsyncSession) -> None:
        await write_stats(session, self.stats)
        await write_tiers(session, self.tiers)
        await write_moves(session, self.moves, self.at)


async def write_tiers(session: AsyncSession, lines: Columns) -> None:
    await bulk.write(session, CustomerTier, ["customer_id"], lines)


async def write_stats(session: AsyncSession, lines: Columns) -> None:
    await bulk.write(session, PurchaseStats, ["customer_id"], lines)


async def write_moves(session: AsyncSession, moves: Columns, at: datetime) -> None:
    times = [bulk.moment(at)] * len(moves["customer_id"])
    await bulk.append(session, TierMove, moves | {"at": times})


def as_rows(columns: Columns) -> Iterator[dict[str, Any]]:
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


async def forget(session: AsyncSession, customer_ids: Sequence[int]) -> None:
    """Records that were folded into others."""
    for table in (CustomerTier, PurchaseStats):
        await session.execute(delete(table).where(table.customer_id.in_(customer_ids)))
