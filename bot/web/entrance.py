"""Signing in and out. In the demo every face has its door open: the shop is fictional and bound to this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from bot.events.commands import Actor
from bot.store import access
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import COOKIE, Handler, sign_in
from bot.web.pages import page

routes = web.RouteTableDef()
DOORS = (
    ("/admin", Actor(kind="owner", id="demo")),
    ("/guide", Actor(kind="guide", id="SuQing", store="S01")),
    ("/store", Actor(kind="manager", id="till-S01", store="S01")),
)


def in_demo(desk: Desk) -> bool:
    return bool(desk.sandbox_url) and not desk.work.settings.production


def _here(address: str) -> str:
    """A path of ours, never another site."""
    parts = urlsplit(address)
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if safe else "/admin"


@web.middleware
async def open_doors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Demo only: whoever comes without a session gets the one that belongs to the face."""
    door = next((actor for path, actor in DOORS if request.path.startswith(path)), None)
    known = request.get(ACTOR)
    if door is None or not in_demo(request.app[DESK]) or request.method != "GET":
        return await handler(request)
    if known is not None and _belongs(known, door):
        return await handler(request)
    here = web.HTTPSeeOther(request.path_qs)
    await sign_in(request, door, here)
    raise here


def _belongs(actor: Actor, door: Actor) -> bool:
    """A guide's session at the guide's door, a till's at the till, everybody else's at the console."""
    if door.kind == "guide":
        return actor.kind == "guide"
    if door.kind == "manager":
        return actor.kind in {"manager", "clerk"}
    return actor.kind not in {"guide", "clerk", "customer"} and not actor.id.startswith("till-")


@routes.get("/login")
async def ask(request: web.Request) -> web.StreamResponse:
    return page(
        request, "login.html", wrong=False, next=_here(request.query.get("next", "/admin"))
    )


@routes.post("/login")
async def enter(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    form = await request.post()
    where = _here(str(form.get("next", "/admin")))
    async with desk.work.sessions.reading() as session:
        actor = await access.sign_in(
            session, name=str(form.get("name", "")), password=str(form.get("password", ""))
        )
    if actor is None:
        return page(request, "login.html", status=401, wrong=True, next=where)
    there = web.HTTPSeeOther(where)
    await sign_in(request, actor, there)
    raise there


@routes.post("/logout")
async def leave(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.begin() as session:
        await access.close_session(session, request.cookies.get(COOKIE, ""))
    away = web.HTTPSeeOther("/login")
    away.del_cookie(COOKIE)
    raise away
