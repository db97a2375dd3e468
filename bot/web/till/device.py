"""A till is paired by a link that is good once; from then on its PIN opens it."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.store import devices
from bot.store.offers import tills
from bot.tongue import _
from bot.web.desk import DESK
from bot.web.forms import typed
from bot.web.guards import TILL_COOKIE, from_here, sign_in
from bot.web.pages import page

routes = web.RouteTableDef()
PAIRED = timedelta(days=400)
"""As long as browsers keep a cookie."""


@routes.get("/store/device/{token}", allow_head=False)
async def pair(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.begin() as session:
        cookie = await devices.pair(session, request.match_info["token"], desk.work.now())
    if cookie is None:
        words = _("这个链接用过了或不对，请店长在「人和收银机」里重新加一台")
        raise Refusal("stale_page", words, status=403)
    there = web.HTTPSeeOther("/store/pin")
    there.set_cookie(
        TILL_COOKIE,
        cookie,
        max_age=int(PAIRED.total_seconds()),
        path="/store",
        httponly=True,
        samesite="Lax",
        secure=desk.work.settings.production,
    )
    raise there


@routes.get("/store/pin", allow_head=False)
async def ask(request: web.Request) -> web.StreamResponse:
    return page(request, "till/pin.html", wrong=False)


@routes.post("/store/pin")
async def enter(request: web.Request) -> web.StreamResponse:
    from_here(request)
    desk, now = request.app[DESK], request.app[DESK].work.now()
    pin = typed(await request.post(), "pin")
    async with desk.work.sessions.reading() as session:
        device = await devices.known(session, request.cookies.get(TILL_COOKIE, ""))
        if device is None:
            words = _("这台收银机还没有配对，请店长在「人和收银机」里加上它")
            raise Refusal("not_paired", words, status=403)
        door = f"pin:{device.id}"
        if await tills.locked(session, door, now):
            raise Refusal("too_many", _("连续输错太多次，十分钟后再试"), status=429)
    if not devices.opens(device, pin):
        async with desk.work.sessions.begin() as session:
            await tills.missed(session, door, now)
        return page(request, "till/pin.html", status=401, wrong=True)
    there = web.HTTPSeeOther("/store/redeem")
    await sign_in(request, devices.at(device), there)
    raise there
