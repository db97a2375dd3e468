"""The month of `/admin/campaigns`: what happens on which day, and for whom that would be too much."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign
from bot.domain.journeys import Playbook, falls_on
from bot.store import journeys, month_plan
from bot.store.insights import Span
from bot.tongue import _
from bot.web.console import spans
from bot.web.desk import DESK
from bot.web.figures import people as counted


@dataclass(frozen=True, slots=True)
class Entry:
    """One line in a day."""

    kind: str
    """a campaign, b journey, c group chats."""
    words: str
    address: str
    note: str = ""


@dataclass(slots=True)
class Day:
    day: date
    out: bool
    """Of a neighbouring month."""
    today: bool
    entries: list[Entry] = field(default_factory=list)
    clash: int = 0
    clash_address: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    weeks: list[list[Day]]

    @property
    def earlier(self) -> str:
        return f"{self.first - timedelta(days=1):%Y-%m}"

    @property
    def later(self) -> str:
        return f"{(self.first + timedelta(days=32)).replace(day=1):%Y-%m}"

    @property
    def empty(self) -> bool:
        return not any(day.entries for week in self.weeks for day in week)


async def month(request: web.Request, session: AsyncSession) -> Month:
    first, now = spans.month(request), spans.today(request)
    weeks = month_plan.weeks(first)
    zone = request.app[DESK].work.settings.zone
    span = Span(weeks[0][0], weeks[-1][-1], zone)
    entries, clash = await _entries(request, session, span)
    table = [
        [
            Day(
                day,
                out=day.month != first.month,
                today=day == now.date(),
                entries=entries.get(day, []),
                clash=clash[day],
                clash_address=spans.people("clash", Span(day, day, zone)),
            )
            for day in week
        ]
        for week in weeks
    ]
    return Month(first, table)


async def _entries(
    request: web.Request, session: AsyncSession, span: Span
) -> tuple[dict[date, list[Entry]], Counter[date]]:
    found: defaultdict[date, list[Entry]] = defaultdict(list)
    by_day: defaultdict[date, list[Campaign]] = defaultdict(list)
    for campaign in await month_plan.campaigns(session, span):
        day = campaign.starts_at.astimezone(span.zone).date()
        by_day[day].append(campaign)
        first = _("先发") if campaign.goes_first else ""
        found[day].append(Entry("a", campaign.name, f"/admin/campaigns/{campaign.id}", first))
    playbooks = await journeys.all_published(session)
    names = {row.key: row.name for row in playbooks}
    for day, entry in _coming(playbooks, span, spans.today(request).date(), by_day):
        found[day].append(entry)
    for day, keys in (await month_plan.journeys(session, span)).items():
        found[day] += [_journey(key, names, people) for key, people in keys.most_common()]
    for day, rooms in (await month_plan.rooms(session, span)).items():
        found[day].append(Entry("c", _("%(n)s 个群", n=rooms), "/admin/groups"))
    return found, await _clashes(request, session, span, by_day)


def _journey(key: str, names: dict[str, str], people: int) -> Entry:
    return Entry("b", names.get(key, key), f"/admin/campaigns/journeys/{key}", counted(people))


def _coming(
    playbooks: Sequence[Playbook],
    span: Span,
    today: date,
    drafted: dict[date, list[Campaign]],
) -> list[tuple[date, Entry]]:
    """Occasions of repeating campaigns that nobody has drafted yet."""
    told = []
    for row in playbooks:
        mailing = journeys.read(row).campaign
        if mailing is None:
            continue
        address = f"/admin/campaigns/repeating/{row.key}"
        for day in span.days:
            known = any(one.playbook == row.key for one in drafted.get(day, ()))
            if day > today and falls_on(mailing.calendar, day) and not known:
                told.append((day, Entry("b", row.name, address, _("自动"))))
    return told


async def _clashes(
    request: web.Request, session: AsyncSession, span: Span, by_day: dict[date, list[Campaign]]
) -> Counter[date]:
    now = request.app[DESK].work.now()
    found = Counter(await month_plan.clashes(session, span))
    for day, campaigns in by_day.items():
        alive = [one for one in campaigns if one.state in {"draft", "approved", "running"}]
        people = await month_plan.would_clash(session, alive, Span(day, day, span.zone), now)
        found[day] = max(found[day], people)
    return found
