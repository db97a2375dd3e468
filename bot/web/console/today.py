"""`/admin`: what needs a person before lunch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.cases.clocks import number
from bot.domain.cases.complaints import CATEGORIES
from bot.store import case_queue, insights, today
from bot.store.insights import Span
from bot.web.console import calendar, spans, times
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import DESK
from bot.web.guards import allowed

routes = web.RouteTableDef()
FIRST = 5
WEEK = timedelta(days=6)


@routes.get("/admin", allow_head=False)
@allowed("console.open")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    now = desk.work.now()
    async with desk.work.sessions.reading() as session:
        facts = await _needs(request, session)
        quiet = not facts["todo"]
        return await shown(
            request,
            session,
            "console/today.html",
            "today",
            left=lambda due: times.left(due, now),
            urgency=lambda due: times.urgency(due, now),
            ago=lambda at: times.ago(at, now),
            mask=masks.name,
            case_number=number,
            categories=CATEGORIES,
            people=spans.people,
            **facts,
            yesterday=await _yesterday(request, session) if quiet else None,
            **await _week(request, session),
        )


async def _needs(request: web.Request, session: AsyncSession) -> dict[str, Any]:
    desk, store = request.app[DESK], own_store(request)
    cases = await case_queue.queue(session, desk.work.vault, store=store)
    waiting = await today.unconfirmed(session, store)
    whole_house = store is None
    full, orphans = await today.rooms_in_need(session) if whole_house else ([], [])
    undecided = await today.undecided(session) if whole_house else []
    parked = await today.parked(session) if whole_house else []
    return {
        "todo": any((cases, waiting, undecided, full, orphans, parked)),
        "cases": cases[:FIRST],
        "cases_all": len(cases),
        "pressing": [one for one in cases if times.urgency(one.due, desk.work.now()) == "bad"],
        "unconfirmed": waiting,
        "waiting_people": sum(one.customers for one in waiting),
        "undecided": undecided,
        "full": full,
        "orphans": orphans,
        "parked": parked,
    }


async def _week(request: web.Request, session: AsyncSession) -> dict[str, Any]:
    """Seven days beside the seven before, and what is on today; of the whole house only."""
    if own_store(request) is not None:
        return {"numbers": [], "span": None, "agenda": []}
    day = spans.today(request).date()
    span = Span(day - WEEK, day, request.app[DESK].work.settings.zone)
    now, before = await _result(session, span), await _result(session, span.before)
    numbers = [(name, n, before[name]) for name, n in now.items()]
    month = await calendar.month(request, session)
    agenda = [one for week in month.weeks for d in week if d.today for one in d.entries]
    return {"numbers": numbers, "span": span, "agenda": agenda}


async def _yesterday(
    request: web.Request, session: AsyncSession
) -> tuple[Span, dict[str, int]] | None:
    """What came of the day before; of the whole house only, and asked for when nothing else is to be shown."""
    if own_store(request) is not None:
        return None
    day = spans.today(request).date() - timedelta(days=1)
    span = Span(day, day, request.app[DESK].work.settings.zone)
    return span, await _result(session, span)


async def _result(session: AsyncSession, span: Span) -> dict[str, int]:
    """People reached, people who opened and redeemed, orders, and what was paid for them in fen."""
    people = (await insights.funnel(session, span)).people
    days = await insights.trend(session, span)
    sold = {"orders": sum(d.orders for d in days), "sales": sum(d.sales_fen for d in days)}
    return {name: people[name] for name in insights.STAGES[1:4]} | sold
