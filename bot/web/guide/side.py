"""`/guide/side`: one customer beside the chat with her, and what WeCom's JS-SDK needs to send words into it."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from aiohttp import web

from bot.calls import GetJsTicket, Sent
from bot.domain.refusals import Refusal
from bot.platforms.signing import js_signature
from bot.store import guide_book
from bot.store.offers import tills
from bot.tongue import _
from bot.web import viewing
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import allowed
from bot.web.guide.people import told_of
from bot.web.guide.who import guide_at
from bot.web.pages import page

routes = web.RouteTableDef()
SIGNATURES = 300
"""In ten minutes and for one guide: more pages than anybody opens."""


@routes.get("/guide/side")
@allowed("customer.view")
async def side(request: web.Request) -> web.StreamResponse:
    """`cid` is her external_userid, as WeCom tells it to the page, or our own reference to her."""
    desk, wanted = request.app[DESK], request.query.get("cid", "")[:128]
    if wanted:
        await viewing.counted(request)
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        if not wanted:
            return page(request, "guide/side_whom.html")
        customer = await guide_book.customer_of(session, guide.id, wanted)
        if customer is None:
            return page(request, "guide/side_stranger.html", status=404)
        facts = await told_of(desk, session, guide, customer)
    return page(request, "guide/side.html", **facts)


@routes.get("/guide/side/signature")
@allowed("task.read")
async def signature(request: web.Request) -> web.StreamResponse:
    """For `ww.register`: signs pages of this house and no others."""
    desk, url = request.app[DESK], request.query.get("url", "")[:2000]
    await _counted(desk, str(request[ACTOR]))
    if urlsplit(url).netloc not in _ours(request, desk):
        raise Refusal("not_ours", _("只给本站的页面签名"), status=403)
    asked = GetJsTicket(agent=request.query.get("agent") == "1")
    outcome = await desk.work.platform.perform(asked)
    if not isinstance(outcome, Sent):
        raise Refusal("no_ticket", _("企业微信没有给签名用的票据，稍等再打开这一页"), status=502)
    stamp, nonce = int(desk.work.now().timestamp()), secrets.token_hex(8)
    signed = js_signature(str(outcome.answer["ticket"]), nonce, stamp, url)
    answer = web.json_response({"timestamp": stamp, "nonceStr": nonce, "signature": signed})
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _counted(desk: Desk, who: str) -> None:
    """Each page asks twice. Raises Refusal too_many: the platform's patience is one for the whole shop."""
    door, now = f"js:{who}", desk.work.now()
    async with desk.work.sessions.begin() as session:
        over = await tills.locked(session, door, now) or await tills.missed(
            session, door, now, most=SIGNATURES
        )
    if over:
        raise Refusal("too_many", _("签名要得太勤，十分钟后再试"), status=429)


def _ours(request: web.Request, desk: Desk) -> set[str]:
    """Where this house is reached: as set up, and as this very browser did."""
    return {request.host, urlsplit(desk.work.settings.public_url).netloc} - {""}
