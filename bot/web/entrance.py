"""Signing in and out. In the demo every face has its door open: the shop is fictional and bound to this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.store import access
from bot.store.offers import tills
from bot.tongue import _
from bot.web import by_wecom
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import COOKIE, Handler, from_here, sign_in
from bot.web.pages import page

routes = web.RouteTableDef()
DOORS = (
    ("/admin", Actor(kind="owner", id="demo")),
    ("/guide", Actor(kind="guide", id="SuQing", store="S01")),
    ("/store", Actor(kind="manager", id="till-S01", store="S01")),
)


def here(address: str) -> str:
    """A path of ours, never another site."""
    parts = urlsplit(address)
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if safe else "/admin"


@web.middleware
async def open_doors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Demo only: whoever comes without a session gets the one that belongs to the face."""
    door = next((actor for path, actor in DOORS if request.path.startswith(path)), None)
    known = request.get(ACTOR)
    if door is None or not request.app[DESK].in_demo or request.method != "GET":
        return await handler(request)
    if known is not None and _belongs(known, door):
        return await handler(request)
    again = web.HTTPSeeOther(request.path_qs)
    await sign_in(request, door, again)
    raise again


def _belongs(actor: Actor, door: Actor) -> bool:
    """A guide's session at the guide's door, a till's at the till, everybody else's at the console."""
    if door.kind == "guide":
        return actor.kind == "guide"
    if door.kind == "manager":
        return actor.kind in {"manager", "clerk"}
    return actor.kind not in {"guide", "clerk", "customer"} and not actor.id.startswith("till-")


@routes.get("/login")
async def ask(request: web.Request) -> web.StreamResponse:
    wanted = here(request.query.get("next", "/admin"))
    if by_wecom.inside(request) and "by" not in request.query:
        raise web.HTTPSeeOther(by_wecom.address(wanted))
    return _form(request, wanted)


def _form(request: web.Request, wanted: str, *, wrong: bool = False) -> web.Response:
    """Guides have no passwords: where WeCom can say who they are, it alone does."""
    wecom = by_wecom.address(wanted) if by_wecom.known(request) else ""
    return page(
        request,
        "login.html",
        status=401 if wrong else 200,
        wrong=wrong,
        next=wanted,
        wecom=wecom,
        password=not (wecom and by_wecom.is_guides(wanted)),
    )


@routes.post("/login")
async def enter(request: web.Request) -> web.StreamResponse:
    from_here(request)
    desk = request.app[DESK]
    form = await request.post()
    where = here(str(form.get("next", "/admin")))
    actor = await _who(desk, str(form.get("name", "")), str(form.get("password", "")))
    if actor is None:
        return _form(request, where, wrong=True)
    there = web.HTTPSeeOther(where)
    await sign_in(request, actor, there)
    raise there


async def _who(desk: Desk, name: str, password: str) -> Actor | None:
    """Names are locked after wrong passwords, whether somebody bears them or not: both look the same."""
    door, now = f"sign-in:{access.fingerprint(name)[:16]}", desk.work.now()
    async with desk.work.sessions.reading() as session:
        if await tills.locked(session, door, now):
            raise Refusal("too_many", _("连续输错太多次，十分钟后再试"), status=429)
        actor = await access.sign_in(session, name=name, password=password)
    if actor is None:
        async with desk.work.sessions.begin() as session:
            await tills.missed(session, door, now)
    return actor


@routes.post("/logout")
async def leave(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.begin() as session:
        await access.close_session(session, request.cookies.get(COOKIE, ""))
    away = web.HTTPSeeOther("/login")
    away.del_cookie(COOKIE)
    raise away
