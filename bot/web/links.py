"""`/l/…`: short links in messages. Opening one is the only reading that we ever learn of."""

from __future__ import annotations

import json

from aiohttp import web

from bot import events
from bot.events import LinkOpened
from bot.store import links
from bot.store.inbox import Arrival
from bot.web.desk import ACTOR, DESK
from bot.web.pages import page

routes = web.RouteTableDef()
CAME_BY, A_WHILE = "siyu_by", 1_800
"""Says which link led to the page, when that page tells how long it was looked at; and for how many seconds."""


@routes.get("/l/{token}", allow_head=False)
async def follow(request: web.Request) -> web.StreamResponse:
    desk, token = request.app[DESK], request.match_info["token"]
    async with desk.work.sessions.reading() as session:
        link = await links.find(session, token)
    if link is None:
        return page(request, "customer/lost.html", status=404)
    actor = request.get(ACTOR)
    who = actor.id if actor is not None and actor.kind == "customer" else ""
    opened = events.dump(LinkOpened(at=desk.work.now(), token=token, who=who))
    await desk.intake.keep(Arrival("event", json.dumps(opened, sort_keys=True).encode()))
    # Not remembered by browsers: the second opening counts too.
    there = web.HTTPFound(link.target, headers={"Cache-Control": "no-store"})
    there.set_cookie(
        CAME_BY,
        token,
        max_age=A_WHILE,
        path="/h5/stay",
        httponly=True,
        samesite="Lax",
        secure=desk.work.settings.production,
    )
    raise there
