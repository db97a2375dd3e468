"""想收到的通知: what she may ask for, in WeChat's own popup, and how many she has asked for."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from bot.calls import GetOfficialJsTicket, Sent
from bot.content import Content
from bot.platforms.signing import js_signature
from bot.store import notices
from bot.web.customer.door import ask_who, customer_at
from bot.web.desk import DESK
from bot.web.guards import HEADERS
from bot.web.pages import page

routes = web.RouteTableDef()
CSP = "Content-Security-Policy"
SCRIPTS = "script-src 'self'"
WECHATS = "https://res.wx.qq.com"
"""WeChat wants its script to be loaded from here; no page but this one lets it in."""
AT_ONCE = 3
"""A popup asks for so many."""


@routes.get("/h5/notices")
async def asking(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        left = await notices.left(session, customer.id)
    offered = _offered(desk.work.content)
    signed = await _signed(request) if offered else None
    answer = page(
        request,
        "customer/notices.html",
        offered=[(title, left.get(form, 0)) for form, title in offered.items()],
        asked=[list(offered)[i : i + AT_ONCE] for i in range(0, len(offered), AT_ONCE)],
        signed=signed,
        wechats=WECHATS,
    )
    if signed:
        answer.headers[CSP] = HEADERS[CSP].replace(SCRIPTS, f"{SCRIPTS} {WECHATS}")
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _offered(content: Content) -> dict[str, str]:
    """The platform's forms that she can ask for, with their titles."""
    known = (one.spec for one in content.notices.values() if one.spec.channel == "subscribed")
    return {spec.template_id: spec.title for spec in known}


async def _signed(request: web.Request) -> dict[str, Any] | None:
    """What `wx.config` needs on this very page; None outside of WeChat, or where it gives no ticket."""
    work = request.app[DESK].work
    if "MicroMessenger" not in request.headers.get("User-Agent", ""):
        return None
    outcome = await work.platform.perform(GetOfficialJsTicket())
    if not isinstance(outcome, Sent):
        return None
    stamp, nonce = int(work.now().timestamp()), secrets.token_hex(8)
    here = work.settings.public_url.rstrip("/") or str(request.url.origin())
    sign = js_signature(str(outcome.answer["ticket"]), nonce, stamp, f"{here}{request.path_qs}")
    app_id = work.settings.official_app_id
    return {"app": app_id, "stamp": stamp, "nonce": nonce, "signature": sign}
