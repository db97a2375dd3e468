"""Which days a page speaks of: a month of the calendar, or the last seven, thirty or ninety."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from aiohttp import web

from bot.store.insights import Span
from bot.web.desk import DESK
from bot.web.figures import written

OUR_TIME = (date(2000, 1, 1), date(2100, 1, 1))
SPANS = {"7": "7 天", "month": "本月", "90": "90 天"}


def today(request: web.Request) -> datetime:
    """The moment, in the shop's zone."""
    work = request.app[DESK].work
    return work.now().astimezone(work.settings.zone)


def chosen(request: web.Request) -> tuple[str, Span]:
    """The span that the address names, else this month; and its name."""
    name = request.query.get("span", "month")
    name = name if name in SPANS else "month"
    now = today(request)
    last = now.date()
    first = last.replace(day=1) if name == "month" else last - timedelta(days=int(name) - 1)
    return name, Span(first, last, request.app[DESK].work.settings.zone)


def between(request: web.Request) -> Span:
    """The days from `from` to `to`, else the span that is named."""
    try:
        first, last = (date.fromisoformat(request.query[name]) for name in ("from", "to"))
    except (KeyError, ValueError):
        return chosen(request)[1]
    first, last = (max(OUR_TIME[0], min(OUR_TIME[1], day)) for day in sorted((first, last)))
    return Span(first, last, request.app[DESK].work.settings.zone)


def month(request: web.Request) -> date:
    """The first day of the month that is looked at."""
    asked = request.query.get("month", "")
    try:
        return date.fromisoformat(f"{asked}-01")
    except ValueError:
        return today(request).date().replace(day=1)


def words(span: Span) -> str:
    first, last = (
        written(datetime.combine(day, time()), "%-m 月 %-d 日") for day in (span.first, span.last)
    )
    return first if span.first == span.last else f"{first} – {last}"


def on_day(span: Span) -> Callable[..., str]:
    """The same, of one of its days."""
    return lambda of, day, **facts: people(of, Span(day, day, span.zone), **facts)


def people(of: str, span: Span | None = None, **facts: object) -> str:
    """The address of the people behind a number."""
    days = {"from": span.first.isoformat(), "to": span.last.isoformat()} if span else {}
    return "/admin/people?" + urlencode({"of": of} | days | facts)
