"""业绩: proof that it pays."""

from __future__ import annotations

from aiohttp import web

from bot.store import guide_book
from bot.web.desk import DESK
from bot.web.forms import midnight
from bot.web.guards import allowed
from bot.web.guide.who import guide_at
from bot.web.pages import page

routes = web.RouteTableDef()


@routes.get("/guide/month")
@allowed("task.read")
async def month(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    first = midnight(desk).replace(day=1)
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        found = await guide_book.month_of(session, guide, first, desk.work.now())
        worked = await guide_book.what_worked(session, guide, first)
    return page(request, "guide/month.html", guide=guide, m=found, first=first, worked=worked)
