"""The HTTP application: every route of the house."""

from __future__ import annotations

from aiohttp import web

from bot.web import (
    by_wecom,
    callbacks,
    customer,
    entrance,
    guards,
    guide,
    health,
    links,
    till,
    unmasking,
)
from bot.web.api import tables
from bot.web.console import audit, bulk, customers, groups, kit, merges, person, reaching, today
from bot.web.desk import DESK, Desk
from bot.web.pages import HOME
from bot.web.sandbox import pages as sandbox
from bot.web.sandbox.cast import CAST, Cast

TABLES = (
    callbacks.routes,
    health.routes,
    *tables.TABLES,
    links.routes,
    till.routes,
    guide.routes,
    customer.routes,
    entrance.routes,
    by_wecom.routes,
    sandbox.routes,
    today.routes,
    customers.routes,
    bulk.routes,
    merges.routes,
    person.routes,
    unmasking.routes,
    groups.routes,
    *reaching.TABLES,
    audit.routes,
    kit.routes,
)


def build(desk: Desk) -> web.Application:
    app = web.Application(
        client_max_size=1024 * 1024,
        middlewares=[
            guards.speak,
            guards.tell_refusals,
            guards.recognise,
            entrance.open_doors,
            guards.same_site,
        ],
    )
    app.on_response_prepare.append(guards.protect)
    app[DESK] = desk
    app[CAST] = Cast()
    for table in TABLES:
        app.add_routes(table)
    app.router.add_static("/static", HOME / "static")
    return app
