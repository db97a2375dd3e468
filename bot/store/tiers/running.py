"""The full run over everybody, and single customers between two full runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.stars import Stars
from bot.domain.tier_places import NOWHERE, place_all, place_some, tied
from bot.domain.tiering import (
    Habits,
    Ints,
    Scale,
    Scores,
    day_after,
    habits,
    measure,
    midnight,
    score,
)
from bot.domain.tiers import TIERS, TierConfig, TierMove, TierRun
from bot.store.engine import Sessions
from bot.store.tiers import reading, writing
from bot.store.tiers.writing import New, Standing, Work, as_rows
from bot.store.two_by_two import two_by_two

HOME = ZoneInfo("Asia/Shanghai")
DEFAULTS = TierConfig()
PART = 5_000
"""Rows per transaction: two of them well under 300 ms, so that callbacks never wait for a full run."""
STEP = 1_000
"""Customers looked at in one transaction: of many more, PostgreSQL would read every order of the shop."""
MANY = 20_000
FEW = 500
"""Below this many customers the ranking itself moves with every order, and counting everybody is quick."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a full run found, and what it changed."""

    as_of: datetime
    customers: Ints
    tiers: Ints
    """Places in `TIERS`, beside the customers."""
    scores: np.ndarray[tuple[int], np.dtype[np.float64]]
    counts: dict[str, int]
    moved: int
    written: int
    rehearsal: bool
    """True for a day before the last run: nothing was written."""


async def rerun(
    sessions: Sessions,
    as_of: datetime,
    *,
    config: TierConfig = DEFAULTS,
    zone: ZoneInfo = HOME,
    progress: Progress | None = None,
) -> Rerun:
    """Re-tier everybody by what was known before this moment. Unchanged data stays as it is."""
    async with sessions.reading() as session:
        last = await reading.last_run(session)
        rehearsal = last is not None and as_of < last.as_of
        standing, scale = await _stand(session, as_of, config, zone, blank=rehearsal)
        work = await _work(session, standing)
        newest = await reading.newest_entry(session)
    if not rehearsal:
        await two_by_two(_all_steps(sessions, standing, work, progress))
        async with sessions.begin() as session:
            await _keep_run(session, standing, scale, config, zone)
            late = await reading.buyers_since(session, newest)
        # Whoever bought meanwhile was re-tiered at once, and is now written over.
        await refresh_many(sessions, late, as_of)
    counted = Counter(standing.places.tier.tolist())
    return Rerun(
        as_of=as_of,
        customers=standing.known.customer,
        tiers=standing.places.tier,
        scores=standing.scores.value,
        counts={name: counted[i] for i, name in enumerate(TIERS)},
        moved=len(standing.moved),
        written=len(work.tiers),
        rehearsal=rehearsal,
    )


async def refresh(
    session: AsyncSession,
    customer_ids: Sequence[int],
    now: datetime,
    *,
    config: TierConfig = DEFAULTS,
    zone: ZoneInfo = HOME,
) -> list[TierMove]:
    """Re-tier these customers by the cuts of the last full run; returns the moves that this made."""
    last = await reading.last_run(session)
    if last is None or last.customers < FEW:
        return await _everybody(session, customer_ids, now, config, zone)
    return await _write_some(session, await _look(session, last, customer_ids, now), customer_ids)


async def refresh_many(sessions: Sessions, customer_ids: Sequence[int], now: datetime) -> int:
    """Re-tier all who bought in a batch, in steps; how many moved. A first tier is no move, as in a full run."""
    moved = 0
    for start in range(0, len(customer_ids), STEP):
        some = customer_ids[start : start + STEP]
        async with sessions.begin() as session:
            last = await reading.last_run(session)
            if last is None:
                return 0
            standing = await _look(session, last, some, now)
            work = await _work(session, standing, some)
            await New.of(standing, work).write(session)
            moved += len(standing.moved)
    return moved


async def _look(
    session: AsyncSession, last: TierRun, customer_ids: Sequence[int], now: datetime
) -> Standing:
    """Where these customers stand, by the cuts of the last full run."""
    zone, config = ZoneInfo(last.timezone), TierConfig.read(last.config)
    scale, today = Scale.read(last.scale), day_after(now, zone)
    before = midnight(today, zone)
    known = habits(await reading.purchases(session, before=before, only=customer_ids), zone)
    kept = await reading.kept_tiers(session, customer_ids)
    scores, was = score(known, today, scale), kept.before(known)
    places = place_some(known, scores, was, scale, config, today)
    stars = await _stars(session, known, config.stars, now, customer_ids)
    return Standing(known, scores, places, stars, was, kept, today, now)


async def _work(
    session: AsyncSession, standing: Standing, only: Sequence[int] | None = None
) -> Work:
    gone = np.array(await reading.merged_away(session) if only is None else [], dtype=np.int64)
    stale = standing.stale_stats(await reading.kept_stats(session, only))
    whose = None if len(stale) > MANY else standing.known.customer[stale]
    categories = await reading.top_categories(session, whose) if len(stale) else {}
    return Work(gone, stale, standing.changed(), categories)


def _all_steps(
    sessions: Sessions, standing: Standing, work: Work, progress: Progress | None
) -> Iterator[Coroutine[Any, Any, None]]:
    for part in _parts(work.gone):
        yield _forget(sessions, part)
    for part in _parts(np.union1d(work.stats, work.tiers)):
        yield _write_part(sessions, New.of(standing, work.among(part)), progress)


async def _forget(sessions: Sessions, part: Ints) -> None:
    async with sessions.begin() as session:
        await writing.forget(session, part.tolist())


async def _write_part(sessions: Sessions, new: New, progress: Progress | None) -> None:
    async with sessions.begin() as session:
        await new.write(session)
    if progress is not None:
        progress(len(new.tiers["customer_id"]))


async def _everybody(
    session: AsyncSession,
    customer_ids: Sequence[int],
    now: datetime,
    config: TierConfig,
    zone: ZoneInfo,
) -> list[TierMove]:
    """A young shop's ranking changes with every order; a large import waits for its full run."""
    if await reading.more_entries_than(session, MANY):
        return []
    standing, scale = await _stand(session, now, config, zone)
    await _keep_run(session, standing, scale, config, zone)
    return await _write_some(session, standing, customer_ids)


async def _stand(
    session: AsyncSession,
    as_of: datetime,
    config: TierConfig,
    zone: ZoneInfo,
    *,
    blank: bool = False,
) -> tuple[Standing, Scale]:
    """Where everybody stands; `blank` forgets where they stood."""
    today = day_after(as_of, zone)
    known = habits(await reading.purchases(session, before=midnight(today, zone)), zone)
    kept = await reading.kept_tiers(session, [] if blank else None)
    scale, before = measure(known, config), kept.before(known)
    scores = await _untied(session, known, score(known, today, scale), midnight(today, zone))
    places, scale = place_all(known, scores, before, scale, config, today)
    stars = await _stars(session, known, config.stars, as_of)
    return Standing(known, scores, places, stars, before, kept, today, as_of), scale


async def _untied(
    session: AsyncSession, known: Habits, scores: Scores, before: datetime
) -> Scores:
    """Who has spent as much as often is told apart by how dear her things are, as long as they are not many."""
    same = tied(scores)
    if not 0 < len(same) <= MANY:
        return scores
    told = await reading.piece_prices(session, before, known.customer[same])
    at, found = reading.aligned(told[0], known.customer)
    dearness = np.zeros(len(known.customer))
    dearness[found] = told[1][at[found]]
    return replace(scores, dearness=dearness)


async def _stars(
    session: AsyncSession,
    known: Habits,
    table: Stars,
    now: datetime,
    only: Sequence[int] | None = None,
) -> Ints:
    told = await reading.interests(session, table.group, now, only)
    at, found = reading.aligned(told[:, 0], known.customer)
    interests = np.zeros(len(known.customer), dtype=np.int64)
    interests[found] = told[at[found], 1]
    return table.level(known.days, known.amount, interests)


async def _write_some(
    session: AsyncSession, standing: Standing, customer_ids: Sequence[int]
) -> list[TierMove]:
    """Everything at once, for few; a first tier is a move for those who were asked about."""
    looked_at = standing.known.customer.tolist()
    stale = standing.stale_stats(await reading.kept_stats(session, looked_at))
    categories = await reading.top_categories(session, looked_at) if len(stale) else {}
    await writing.write_stats(session, standing.stats(stale, categories))
    await writing.write_tiers(session, standing.lines(standing.changed()))
    first = np.isin(standing.known.customer, customer_ids) & (standing.before == NOWHERE)
    rows = np.union1d(standing.moved, np.flatnonzero(first))
    moves = [TierMove(**move, at=standing.as_of) for move in as_rows(standing.moves(rows))]
    session.add_all(moves)
    await session.flush()
    return moves


async def _keep_run(
    session: AsyncSession,
    standing: Standing,
    scale: Scale,
    config: TierConfig,
    zone: ZoneInfo,
) -> None:
    """One row per day: a later run of the same day takes its place."""
    last = await reading.last_run(session)
    if last is None or day_after(last.as_of, zone) != standing.today:
        last = TierRun(as_of=standing.as_of)
        session.add(last)
    facts = {
        "timezone": zone.key,
        "customers": len(standing.known.customer),
        "scale": scale.written(),
        "config": asdict(config),
    }
    for name, value in facts.items():
        if getattr(last, name) != value:
            setattr(last, name, value)
    await session.flush()


def _parts(rows: Ints) -> list[Ints]:
    return [rows[start : start + PART] for start in range(0, len(rows), PART)]
