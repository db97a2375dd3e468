"""The timetable: when which work is looked at. APScheduler only ticks; what is due stands in columns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.store import due, ticks
from bot.work.context import Work

log = structlog.get_logger()
Piece = Callable[[Work], Awaitable[int]]
Moments = Mapping[str, datetime | None]
"""Kind of work → when it is next due; None where nothing waits."""
DAY = timedelta(days=1)
PATIENT = frozenset({"results", "reminders", "moments", "touches", "journeys", "campaigns"})
"""Work for which nobody waits at this minute: no answer, no clock of a case, no call-back."""


@dataclass(frozen=True, slots=True)
class WhenDue:
    """Run whenever rows of this kind are due (a name of `bot.store.due`)."""

    rows: str
    work: Piece


@dataclass(frozen=True, slots=True)
class Daily:
    """Run once a day, shop time; a missed run is caught up once."""

    name: str
    at: time
    work: Piece
    long: bool = False
    """Takes minutes: nobody who waits for other work waits for this."""


class Timetable:
    def __init__(self, work: Work, entries: Sequence[WhenDue | Daily]) -> None:
        self._work = work
        self._when_due = [entry for entry in entries if isinstance(entry, WhenDue)]
        self._daily = [entry for entry in entries if isinstance(entry, Daily)]
        self._not_before: dict[str, datetime] = {}
        """The next firing of each daily entry, so that it is not looked for before."""

    async def moments(self) -> Moments:
        """When each kind of waiting work is next due."""
        async with self._work.sessions.reading() as session:
            return await due.moments(session)

    async def run_due(self, moments: Moments | None = None, *, long: bool = True) -> int:
        """Everything that is due now, once, or all but what takes long. Returns how much was done."""
        now = self._work.now()
        moments = await self.moments() if moments is None else moments
        done = 0
        for entry in self._when_due:
            moment = moments[entry.rows]
            if moment is not None and moment <= now:
                done += await self._run(entry.rows, entry.work)
        return done + await self._run_daily(
            [each for each in self._daily if long or not each.long]
        )

    async def run_long(self) -> int:
        """What takes long and is due now."""
        return await self._run_daily([each for each in self._daily if each.long])

    async def _run_daily(self, entries: Sequence[Daily]) -> int:
        done, now = 0, self._work.now()
        for daily in [each for each in entries if now >= self._not_before.get(each.name, now)]:
            if await self._claim(daily, self._work.now()):
                done += await self._run(daily.name, daily.work)
        return done

    async def next_moment(
        self, *, grain: timedelta = timedelta(0), moments: Moments | None = None
    ) -> datetime | None:
        """When there will be something to do next. What is patient may be so much late."""
        moments = await self.moments() if moments is None else moments
        rows = {entry.rows for entry in self._when_due} | {"inbox", "outbox"}
        waiting = [
            _on_grid(moment, grain if each in PATIENT else timedelta(0))
            for each in rows
            if (moment := moments[each])
        ]
        waiting += [self._next_firing(daily) for daily in self._daily]
        return min((moment.astimezone(UTC) for moment in waiting), default=None)

    def _next_firing(self, daily: Daily) -> datetime:
        """After now; kept, because working it out costs more than a query."""
        now, known = self._work.now(), self._not_before.get(daily.name)
        if known is None or known <= now:
            later = _local(self._work, now) + timedelta(microseconds=1)
            known = self._trigger(daily).get_next_fire_time(None, later) or now + DAY
        return known

    async def _claim(self, daily: Daily, now: datetime) -> bool:
        """The newest firing up to now, if nobody has run it yet."""
        since = _local(self._work, now) - DAY + timedelta(microseconds=1)
        fired_for = self._trigger(daily).get_next_fire_time(None, since)
        if fired_for is None or fired_for > now:
            return False
        async with self._work.sessions.begin() as session:
            seen = daily.name in self._not_before
            mine = await ticks.claim(
                session, daily.name, fired_for=fired_for, now=now, counted=seen
            )
        later = self._trigger(daily).get_next_fire_time(fired_for, fired_for)
        self._not_before[daily.name] = later or now + DAY
        return mine

    async def _run(self, name: str, work: Piece) -> int:
        try:
            return await work(self._work)
        except Exception as bug:  # noqa: BLE001 - one piece of work must not stop the others
            log.error("work failed", name=name, error=type(bug).__name__)
            return 0

    def _trigger(self, daily: Daily) -> Any:
        return CronTrigger(
            hour=daily.at.hour, minute=daily.at.minute, timezone=self._work.settings.zone
        )


def _on_grid(moment: datetime, grain: timedelta) -> datetime:
    """The next multiple of `grain` since midnight UTC."""
    if not grain:
        return moment
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - moment) // grain * grain


def _local(work: Work, moment: datetime) -> datetime:
    return moment.astimezone(work.settings.zone)


def ticking(*beats: Callable[[], Awaitable[None]], seconds: float = 1.0) -> AsyncIOScheduler:
    """A scheduler that calls each beat every so many real seconds, none twice at once."""
    scheduler = AsyncIOScheduler()
    terms = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    for beat in beats:
        scheduler.add_job(beat, "interval", seconds=seconds, **terms)
    return scheduler
