"""The HTTP application: every route of the house."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from bot.web import (
    by_wecom,
    callbacks,
    customer,
    entrance,
    first_owner,
    guards,
    guide,
    health,
    links,
    metrics,
    refusing,
    till,
    unmasking,
)
from bot.web.api import tables
from bot.web.console import audit, kit, knowing, proposals, reaching, today, undo
from bot.web.console.importing import WORKSHOP, Workshop, leave
from bot.web.desk import DESK, Desk
from bot.web.doubts import DOUBTS, Doubts
from bot.web.flood import FLOOD, Flood
from bot.web.guards import Handler
from bot.web.pages import HOME
from bot.web.sandbox import pages as sandbox
from bot.web.sandbox.cast import CAST, Cast
from bot.web.till import device

TABLES = (
    callbacks.routes,
    health.routes,
    *tables.TABLES,
    links.routes,
    till.routes,
    device.routes,
    guide.routes,
    customer.routes,
    entrance.routes,
    first_owner.routes,
    by_wecom.routes,
    sandbox.routes,
    today.routes,
    *knowing.TABLES,
    unmasking.routes,
    *reaching.TABLES,
    audit.routes,
    undo.routes,
    proposals.routes,
    kit.routes,
)

BEFORE = (
    guards.speak,
    guards.tell_refusals,
    guards.recognise,
    entrance.open_doors,
    guards.same_site,
)


@web.middleware
async def _timed(request: web.Request, handler: Handler) -> web.StreamResponse:
    clock = request.app[DESK].work.clock
    began = clock.monotonic()
    try:
        return await handler(request)
    finally:
        metrics.answered(request.match_info, clock.monotonic() - began)


@web.middleware
async def _for_people(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What stands before pages and API. Platforms sign what they send: nothing of this is for them, and it would
    cost as much as believing them."""
    if not request.path.startswith("/callback/"):
        for each in reversed(BEFORE):
            handler = partial(each, handler=handler)
    return await handler(request)


def build(desk: Desk) -> web.Application:
    app = web.Application(
        client_max_size=1024 * 1024,
        middlewares=[_timed, _for_people],
    )
    app.on_response_prepare.append(guards.protect)
    furnish(app, desk)
    app.on_shutdown.append(leave)
    for table in TABLES:
        app.add_routes(table)
    app.router.add_static("/static", HOME / "static")
    return app


def furnish(app: web.Application, desk: Desk) -> None:
    """What the routes find in their application."""
    app[DESK] = desk
    app[refusing.DOORS] = refusing.Doors()
    app[CAST] = Cast()
    app[DOUBTS] = Doubts()
    app[FLOOD] = Flood(desk.work.clock)
    app[WORKSHOP] = Workshop()
