"""`/h5/stay`: how long one of our own pages was on her screen, told by the page while she agrees to be known."""

from __future__ import annotations

import json
import re

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot import events
from bot.domain.browsing import LONGEST_STAY
from bot.domain.customers import Customer
from bot.events import PageStayed
from bot.store import consent
from bot.store.inbox import Arrival
from bot.web.desk import DESK
from bot.web.forms import typed
from bot.web.guards import actor_of, allowed
from bot.web.links import CAME_BY
from bot.web.pages import page

routes = web.RouteTableDef()
MEASURED = re.compile(r"/h5(/points|/activities|/teams/\d{1,18}|/contests/[a-z][a-z0-9-]{0,30})?")
"""What is on offer. Where she speaks of herself, or complains, nobody looks at a watch."""
TOKEN = re.compile(r"[0-9a-f]{24}")


async def agrees(session: AsyncSession, customer: Customer) -> bool:
    """Whether the page may tell how long it was looked at."""
    return await consent.granted(session, customer.id, "profiling") is not None


@routes.post("/h5/stay")
@allowed("profile.own")
async def stay(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    path, seconds = typed(form, "page"), typed(form, "seconds")
    if not MEASURED.fullmatch(path) or not re.fullmatch("[0-9]{1,4}", seconds, re.ASCII):
        return page(request, "customer/lost.html", status=404)
    token = request.cookies.get(CAME_BY, "")
    stayed = PageStayed(
        at=desk.work.now(),
        who=actor_of(request).id,
        path=path,
        seconds=min(int(seconds), LONGEST_STAY),
        again=bool(typed(form, "again")),
        token=token if TOKEN.fullmatch(token) else "",
    )
    told = json.dumps(events.dump(stayed), sort_keys=True).encode()
    await desk.intake.keep(Arrival("event", told))
    return web.Response(status=204)
