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
            **await _week(request, session),
        )


async def _needs(request: web.Request, session: AsyncSession) -> dict[str, Any]:
    desk, store = request.app[DESK], own_store(request)
    cases = await case_queue.queue(session, desk.work.vault, store=store)
    waiting = await today.unconfirmed(session, store)
    whole_house = store is None
    full, orphans = await today.rooms_in_need(session) if whole_house else ([], [])
    return {
        "cases": cases[:FIRST],
        "cases_all": len(cases),
        "pressing": [one for one in cases if times.urgency(one.due, desk.work.now()) == "bad"],
        "unconfirmed": waiting,
        "waiting_people": sum(one.customers for one in waiting),
        "undecided": await today.undecided(session) if whole_house else [],
        "full": full,
        "orphans": orphans,
        "parked": await today.parked(session) if whole_house else [],
    }


async def _week(request: web.Request, session: AsyncSession) -> dict[str, Any]:
    """Seven days beside the seven before, and what is on today; of the whole house only."""
    if own_store(request) is not None:
        return {"numbers": [], "span": None, "agenda": []}
    day = spans.today(request).date()
    span = Span(day - WEEK, day, request.app[DESK].work.settings.zone)
    now, before = await insights.funnel(session, span), await insights.funnel(session, span.before)
    days = await insights.trend(session, span)
    earlier = await insights.trend(session, span.before)
    sales, were = (sum(one.sales_fen for one in part) for part in (days, earlier))
    numbers = [(name, now.people[name], before.people[name]) for name in insights.STAGES[1:4]]
    numbers += [("orders", sum(d.orders for d in days), sum(d.orders for d in earlier))]
    month = await calendar.month(request, session)
    agenda = [one for week in month.weeks for d in week if d.today for one in d.entries]
    return {"numbers": [*numbers, ("sales", sales, were)], "span": span, "agenda": agenda}
