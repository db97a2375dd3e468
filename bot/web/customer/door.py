"""Who is looking at `/h5`: WeChat says so, never the address. Links may be passed on to a friend."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import GetOAuthFan, Sent
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.store import customers
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import sign_in
from bot.web.pages import page

routes = web.RouteTableDef()
STATE = "siyu_h5"
STATE_SECONDS = 600
OURS = ("/h5", "/h5/preferences")
PLATFORM = "https://api.weixin.qq.com"
AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"


async def customer_at(request: web.Request, session: AsyncSession) -> Customer | None:
    """The customer of this session, or whoever stands for her since."""
    actor = request.get(ACTOR)
    if actor is None or actor.kind != "customer":
        return None
    return await customers.by_ref(session, actor.id)


def ask_who(request: web.Request) -> web.StreamResponse:
    """Send her to WeChat and back; where that cannot work, say how else she gets what she wants."""
    desk = request.app[DESK]
    in_wechat = "MicroMessenger" in request.headers.get("User-Agent", "")
    if not desk.work.settings.official_app_id or not (in_wechat or desk.sandbox_url):
        return page(request, "customer/elsewhere.html")
    state = secrets.token_urlsafe(16)
    away = web.HTTPSeeOther(_authorize(desk, state))
    away.set_cookie(
        STATE,
        f"{state}|{request.path}",
        max_age=STATE_SECONDS,
        path="/h5",
        httponly=True,
        samesite="Lax",
        secure=desk.work.settings.production,
    )
    raise away


def _authorize(desk: Desk, state: str) -> str:
    settings = desk.work.settings
    base = settings.official_api_base
    where = AUTHORIZE if base == PLATFORM else f"{base}/connect/oauth2/authorize"
    asked = {
        "appid": settings.official_app_id,
        "redirect_uri": desk.work.content.address("/h5/enter"),
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
    }
    return f"{where}?{urlencode(asked)}#wechat_redirect"


@routes.get("/h5/enter", allow_head=False)
async def enter(request: web.Request) -> web.StreamResponse:
    """Back from WeChat. The state must be the one that this very browser took along."""
    desk, actor = request.app[DESK], request.get(ACTOR)
    state, _, wanted = request.cookies.get(STATE, "").partition("|")
    where = wanted if wanted in OURS else OURS[0]
    if not state or not hmac.compare_digest(state.encode(), _given(request, "state").encode()):
        if actor is not None and actor.kind == "customer":
            raise web.HTTPSeeOther(where)  # the back button, or a refresh
        raise Refusal("stale_page", "这一页放太久了，请从公众号菜单重新打开", status=403)
    customer = await _whose(desk, _given(request, "code"))
    if customer is None:
        answer: web.StreamResponse = page(request, "customer/elsewhere.html")
        answer.del_cookie(STATE, path="/h5")
        return answer
    there = web.HTTPSeeOther(where)
    there.del_cookie(STATE, path="/h5")
    await sign_in(request, Actor(kind="customer", id=customer.ref), there)
    raise there


def _given(request: web.Request, name: str) -> str:
    return request.query.get(name, "")


async def _whose(desk: Desk, code: str) -> Customer | None:
    outcome = await desk.work.platform.perform(GetOAuthFan(code=code))
    openid = outcome.answer.get("openid") if isinstance(outcome, Sent) else None
    if not openid:
        return None
    async with desk.work.sessions.reading() as session:
        return await customers.find(session, desk.work.vault, "openid", str(openid))
