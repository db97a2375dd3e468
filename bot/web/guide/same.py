"""`/guide/c/{ref}/same`: two of a guide's customers that she knows to be one person; somebody else decides."""

from __future__ import annotations

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.events.commands import ProposeMerge
from bot.store import guide_book
from bot.tongue import _
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.guide.people import last_bought
from bot.web.guide.who import guide_at, her_customer
from bot.web.pages import page

routes = web.RouteTableDef()
LONGEST = 120


@routes.get("/guide/c/{ref}/same")
@allowed("merge.propose")
async def choose(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def _page(request: web.Request, error: str = "", status: int = 200) -> web.Response:
    """Whom of her other customers she means, looked for by name."""
    work, asked = request.app[DESK].work, request.query.get("q", "").strip()[:40]
    async with work.sessions.reading() as session:
        guide = await guide_at(request, session)
        customer = await her_customer(request, session, guide)
        known = await guide_book.known(session, work.vault, guide.id, [customer.id])
        found = (
            (await guide_book.page_of(session, work.vault, guide.id, work.now(), words=asked))[0]
            if asked
            else []
        )
    others = [(one, last_bought(one, work.now())) for one in found if one.id != customer.id]
    return page(
        request,
        "guide/same.html",
        status=status,
        error=error,
        who=known[customer.id],
        asked=asked,
        others=others,
    )


@routes.post("/guide/c/{ref}/same")
@allowed("merge.propose")
async def propose(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        customer = await her_customer(request, session, guide)
        other = await guide_book.customer_of(session, guide.id, typed(form, "other")[:128])
    reason = typed(form, "reason")[:LONGEST]
    if other is None:
        return await _page(request, _("先选一位：只能是你自己的顾客"), 404)
    if not reason:
        return await _page(request, _("写一句凭什么说是同一位"), 422)
    proposed = ProposeMerge(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        one_id=customer.id,
        other_id=other.id,
        reason=reason,
    )
    try:
        await desk.do(proposed)
    except Refusal as refusal:
        return await _page(request, refusal.words, refusal.status)
    raise web.HTTPSeeOther(f"/guide/c/{customer.ref}?said=same")
