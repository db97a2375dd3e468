"""Signing in by WeCom: guides to their page, people of the back office to theirs."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from bot.calls import GetOAuthMember, Sent
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.store import access
from bot.tongue import _
from bot.web.away import Gate, Trip, forget, leave, wanted_before
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import sign_in

routes = web.RouteTableDef()
TRIP = Trip(cookie="siyu_wecom", path="/login", back="/login/wecom/back")
FACES = ("/guide", "/admin", "/store")
PLATFORM = "https://qyapi.weixin.qq.com"
AUTHORIZE = "https://open.weixin.qq.com"
SCAN = "https://login.work.weixin.qq.com"


def known(request: web.Request) -> bool:
    return bool(request.app[DESK].work.settings.wecom_corp_id)


def inside(request: web.Request) -> bool:
    """In WeCom's own browser nobody has to be asked."""
    return known(request) and "wxwork" in request.headers.get("User-Agent", "")


def is_guides(page: str) -> bool:
    return page.startswith("/guide")


def address(wanted: str) -> str:
    return f"/login/wecom?next={quote(wanted, safe='/')}"


@routes.get("/login/wecom", allow_head=False)
async def go(request: web.Request) -> web.StreamResponse:
    wanted = request.query.get("next", FACES[0])
    if not known(request) or not wanted.startswith(FACES):
        raise web.HTTPSeeOther("/login")
    raise leave(request, TRIP, _gate(request), wanted=wanted)


def _gate(request: web.Request) -> Gate:
    settings = request.app[DESK].work.settings
    base, real = settings.wecom_api_base, settings.wecom_api_base == PLATFORM
    app = {"agentid": settings.wecom_agent_id}
    if inside(request):
        url = f"{AUTHORIZE if real else base}/connect/oauth2/authorize"
        asked = {"response_type": "code", "scope": "snsapi_base", **app}
    else:  # any other browser shows a code that she scans with WeCom
        url = f"{SCAN if real else base}/wwlogin/sso/login"
        asked = {"login_type": "CorpApp", **app}
    return Gate(url, settings.wecom_corp_id, asked)


@routes.get("/login/wecom/back", allow_head=False)
async def come_back(request: web.Request) -> web.StreamResponse:
    """Back from WeCom. The state must be the one that this very browser took along."""
    wanted = wanted_before(request, TRIP)
    if not wanted:
        if ACTOR in request:
            raise web.HTTPSeeOther(FACES[0] if request[ACTOR].kind == "guide" else "/admin")
        raise Refusal("stale_page", "登录放太久了，请重新打开这一页", status=403)
    actor = await _who(request.app[DESK], request.query.get("code", ""), wanted)
    there = web.HTTPSeeOther(wanted)
    forget(TRIP, there)
    await sign_in(request, actor, there)
    raise there


async def _who(desk: Desk, code: str, wanted: str) -> Actor:
    """Raises Refusal not_signed_in, not_a_guide or no_such_user."""
    outcome = await desk.work.platform.perform(GetOAuthMember(code=code))
    userid = outcome.answer.get("userid") if isinstance(outcome, Sent) else None
    if not userid:
        raise Refusal("not_signed_in", "企业微信没有认出你，请在企业微信里重新打开", status=403)
    async with desk.work.sessions.reading() as session:
        if is_guides(wanted):
            actor = await access.guide_actor(session, str(userid))
        else:
            actor = await access.by_userid(session, str(userid))
    if actor is not None:
        return actor
    if is_guides(wanted):
        raise Refusal(
            "not_a_guide", "你的账号还不是在职导购，请店主检查客户联系的使用范围", status=403
        )
    words = _(
        "后台里没有绑定企业微信账号 %(id)s 的用户，请店主运行 siyu user bind 名字 %(id)s",
        id=userid,
    )
    raise Refusal("no_such_user", words, status=403)
