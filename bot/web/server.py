"""The HTTP application: every route of the house."""

from __future__ import annotations

from aiohttp import web

from bot.web import callbacks, health
from bot.web.api import orders
from bot.web.desk import DESK, Desk

TABLES = (callbacks.routes, health.routes, orders.routes)


def build(desk: Desk) -> web.Application:
    app = web.Application(client_max_size=1024 * 1024)
    app[DESK] = desk
    for table in TABLES:
        app.add_routes(table)
    return app
