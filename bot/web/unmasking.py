"""A customer's phone in clear: said once, to whoever may know it, after it is written down who asked and why."""

from __future__ import annotations

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.domain.segments import parse
from bot.events.commands import Actor
from bot.store import audit, guide_book, portrait, segments
from bot.tongue import _
from bot.web.console import forms
from bot.web.console.scopes import own_store, within
from bot.web.desk import DESK, Desk
from bot.web.forms import midnight
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
A_DAY = {"guide": 20}
MOST = 50
"""Phones that anybody else looks at in a day."""


async def reveal(desk: Desk, actor: Actor, customer_id: int, *, reason: str) -> str:
    """Raises Refusal too_many."""
    most = A_DAY.get(actor.kind, MOST)
    async with desk.work.sessions.begin() as session:
        seen = await guide_book.unmasked_today(session, str(actor), midnight(desk))
        if seen >= most:
            words = _("一天最多看 %(n)s 个号码，明天再看", n=most)
            raise Refusal("too_many", words, status=429)
        phone = await guide_book.phone_of(session, desk.work.vault, customer_id)
        await audit.append(
            session,
            at=desk.work.now(),
            actor=str(actor),
            action=guide_book.UNMASKED,
            subject=f"customer_id:{customer_id}",
            detail={"reason": reason},
            store=actor.store,
        )
    return phone


@routes.post("/admin/customers/{ref}/phone")
@allowed("customer.unmask")
async def shown(request: web.Request) -> web.StreamResponse:
    """The part of her page that shows the number."""
    desk, form = request.app[DESK], await request.post()
    reason = forms.needed(form, "reason", _("写一句为什么要看，操作记录里要看得懂"), most=120)
    async with desk.work.sessions.reading() as session:
        customer = await portrait.by_ref(session, request.match_info["ref"])
        if customer is not None and own_store(request) is not None:
            mine = within(request, parse({"all": []}))
            if not await segments.matches(session, mine, customer.id, desk.work.now()):
                customer = None
    if customer is None:
        raise Refusal("unknown_customer", _("没有这位顾客，也许她的资料已经删除"), status=404)
    phone = await reveal(desk, actor_of(request), customer.id, reason=reason)
    answer = page(request, "console/phone.html", phone=phone)
    answer.headers["Cache-Control"] = "no-store"
    return answer
