"""`/admin/_kit`: every part that pages are built of, with its states; in the demo only."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.web.console.frame import shown
from bot.web.desk import DESK, Desk
from bot.web.guards import allowed
from bot.web.pages import page

routes = web.RouteTableDef()
SAMPLES: dict[str, Any] = {
    "short": "上新",
    "long": "把新到的羊毛外套告诉买过两次以上又三个月没有来过的老顾客们",
    "foreign": "A name that somebody wrote as one very long sentence in another language",
    "nothing": 0,
    "much": 1_234_567,
}
"""What every part must bear: thirty characters, a long foreign name, none and very many."""


@routes.get("/admin/_kit", allow_head=False)
@allowed("console.open")
async def console(request: web.Request) -> web.StreamResponse:
    desk = _of_the_demo(request)
    async with desk.work.sessions.reading() as session:
        return await shown(request, session, "console/kit.html", "kit", **SAMPLES)


@routes.get("/admin/_kit/phone", allow_head=False)
@allowed("console.open")
async def phone(request: web.Request) -> web.StreamResponse:
    _of_the_demo(request)
    return page(request, "console/kit_phone.html", **SAMPLES)


def _of_the_demo(request: web.Request) -> Desk:
    desk = request.app[DESK]
    if not desk.in_demo:
        raise web.HTTPNotFound
    return desk
