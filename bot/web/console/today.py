"""`/admin`: what needs a person before lunch."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.cases.clocks import number
from bot.domain.cases.complaints import CATEGORIES
from bot.store import case_queue, today
from bot.web.console import times
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import DESK
from bot.web.guards import allowed

routes = web.RouteTableDef()
FIRST = 5


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
            **facts,
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
        "unconfirmed": waiting,
        "waiting_people": sum(one.customers for one in waiting),
        "undecided": await today.undecided(session) if whole_house else [],
        "full": full,
        "orphans": orphans,
        "parked": await today.parked(session) if whole_house else [],
    }
