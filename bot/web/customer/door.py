"""Who is looking at `/h5`: WeChat says so, never the address. Links may be passed on to a friend."""

from __future__ import annotations

import re
from datetime import timedelta

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import GetOAuthFan, Sent
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.store import access, customers
from bot.web.away import Gate, Trip, forget, leave, wanted_before
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import COOKIE, sign_in
from bot.web.pages import page

routes = web.RouteTableDef()
TRIP = Trip(cookie="siyu_h5", path="/h5", back="/h5/enter")
OURS = (
    "/h5",
    "/h5/points",
    "/h5/activities",
    "/h5/preferences",
    "/h5/notices",
    "/h5/data",
    "/h5/data/all",
    "/h5/cases",
    "/h5/share",
)
SHARED = re.compile(r"/h5/(?:teams/\d{1,18}|(?:contests|games)/[a-z][a-z0-9-]{0,30})")
"""Pages whose links go from hand to hand."""
LATELY = timedelta(minutes=15)
PLATFORM = "https://api.weixin.qq.com"
AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"


async def customer_at(request: web.Request, session: AsyncSession) -> Customer | None:
    """The customer of this session, or whoever stands for her since."""
    actor = request.get(ACTOR)
    if actor is None or actor.kind != "customer":
        return None
    return await customers.by_ref(session, actor.id)


async def herself(request: web.Request) -> Customer:
    """Who acts; raises Refusal unknown_customer."""
    async with request.app[DESK].work.sessions.reading() as session:
        customer = await customer_at(request, session)
    if customer is None:
        raise Refusal("unknown_customer", "请从公众号菜单重新打开这一页", status=404)
    return customer


def ask_who(request: web.Request) -> web.StreamResponse:
    """Send her to WeChat and back; where that cannot work, say how else she gets what she wants."""
    desk = request.app[DESK]
    in_wechat = "MicroMessenger" in request.headers.get("User-Agent", "")
    if not desk.work.settings.official_app_id or not (in_wechat or desk.sandbox_url):
        return page(request, "customer/elsewhere.html")
    raise leave(request, TRIP, _gate(desk), wanted=request.path)


async def certain(request: web.Request, *, back: str) -> None:
    """A phone that lies open is not she: where WeChat has not lately said who looks, it is asked again."""
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        found = await access.session_of(session, request.cookies.get(COOKIE, ""), desk.work.now())
    lately = found is not None and found.created_at + LATELY > desk.work.now()
    if not lately and not desk.plays and desk.work.settings.official_app_id:
        raise leave(request, TRIP, _gate(desk), wanted=back)


def _gate(desk: Desk) -> Gate:
    settings = desk.work.settings
    base = settings.official_api_base
    return Gate(
        AUTHORIZE if base == PLATFORM else f"{base}/connect/oauth2/authorize",
        settings.official_app_id,
        {"response_type": "code", "scope": "snsapi_base"},
    )


@routes.get("/h5/enter", allow_head=False)
async def enter(request: web.Request) -> web.StreamResponse:
    """Back from WeChat. The state must be the one that this very browser took along."""
    desk, actor = request.app[DESK], request.get(ACTOR)
    wanted = wanted_before(request, TRIP)
    where = wanted if wanted in OURS or SHARED.fullmatch(wanted) else OURS[0]
    if not wanted:
        if actor is not None and actor.kind == "customer":
            raise web.HTTPSeeOther(where)  # the back button, or a refresh
        raise Refusal("stale_page", "这一页放太久了，请从公众号菜单重新打开", status=403)
    customer = await _whose(desk, request.query.get("code", ""))
    if customer is None:
        answer: web.StreamResponse = page(request, "customer/elsewhere.html")
        forget(TRIP, answer)
        return answer
    there = web.HTTPSeeOther(where)
    forget(TRIP, there)
    await sign_in(request, Actor(kind="customer", id=customer.ref), there)
    raise there


async def _whose(desk: Desk, code: str) -> Customer | None:
    outcome = await desk.work.platform.perform(GetOAuthFan(code=code))
    openid = outcome.answer.get("openid") if isinstance(outcome, Sent) else None
    if not openid:
        return None
    async with desk.work.sessions.reading() as session:
        found = await customers.find(session, desk.work.vault, "openid", str(openid))
    return found if found is None or found.erased_at is None else None
