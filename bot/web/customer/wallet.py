"""卡包: the code for the till, what else she holds, and what she has used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import segno
from aiohttp import web

from bot.domain.offers import Coupon, Offer, in_words, last_day_words
from bot.domain.refusals import Refusal
from bot.domain.rights import months_after
from bot.events.commands import DeclineCoupon
from bot.store import cases, offers, points
from bot.store.customers import name_of
from bot.tongue import _
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.customer.staying import agrees
from bot.web.desk import DESK, Desk
from bot.web.forms import key_in
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
SAID = {"declined": "让出来了：有人在排队就轮到她。"}
Held = Sequence[tuple[Coupon, Offer]]


@routes.get("/h5")
async def wallet(request: web.Request) -> web.StreamResponse:
    desk, now = request.app[DESK], request.app[DESK].work.now()
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        held = await offers.held(session, customer.id, now)
        used = await offers.past(session, customer.id, now)
        stay = await agrees(session, customer)
        standing = await points.standing(session, customer.id)
        soon = await points.expiring(session, [customer.id], months_after(now, 1))
        name = await name_of(session, desk.work.vault, customer.id)
        live = await cases.live_of(session, customer.id)
    shown = _chosen(held, request.query.get("show", ""))
    return page(
        request,
        "customer/wallet.html",
        stay=stay,
        who=name,
        standing=standing,
        next=desk.work.content.levels.next_after(standing.level),
        coupons=[(coupon, ticket(coupon, offer), offer.queue) for coupon, offer in held],
        past=[(coupon, offer, _end(coupon)) for coupon, offer in used],
        shown=shown,
        expiring=soon.get(customer.id, 0),
        case=live,
        said=SAID.get(request.query.get("said", ""), ""),
        **(_code(desk, *shown) if shown else {}),
    )


@routes.post(r"/h5/coupons/{id:\d{1,18}}/decline")
@allowed("coupon.claim")
async def decline(request: web.Request) -> web.StreamResponse:
    """A seat that she does not want is the next one's in line."""
    desk, form = request.app[DESK], await request.post()
    customer, coupon = await herself(request), int(request.match_info["id"])
    command = DeclineCoupon(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{coupon}",
        customer_id=customer.id,
        coupon_id=coupon,
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5?said=declined")


@routes.get(r"/h5/code/{id:\d{1,18}}")
@allowed("coupon.view")
async def code(request: web.Request) -> web.StreamResponse:
    """The code again, before the one on the screen has run out."""
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        held = await offers.held(session, customer.id, desk.work.now()) if customer else []
    wanted = [one for one in held if str(one[0].id) == request.match_info["id"]]
    if not wanted:
        raise Refusal("unknown", "这张券已经用掉了，或者不在你的卡包里", status=404)
    return page(request, "customer/code.html", **_code(desk, *wanted[0]))


def _chosen(held: Held, wanted: str) -> tuple[Coupon, Offer] | None:
    """The one she asked to show, else the one that runs out first."""
    first = held[0] if held else None
    return next((one for one in held if str(one[0].id) == wanted), first)


def _code(desk: Desk, coupon: Coupon, offer: Offer) -> dict[str, Any]:
    token = offers.qr_token(desk.work.vault, coupon.code, desk.work.now())
    svg = segno.make(token, error="m").svg_inline(scale=4, border=2, omitsize=True)
    return {"svg": svg, "spoken": _spoken(coupon.code), "gives": in_words(offer), "id": coupon.id}


def _spoken(code: str) -> str:
    """In fours, as people read it out."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def _end(coupon: Coupon) -> str:
    if coupon.state == "redeemed":
        return _("用过了")
    return _("收回了") if coupon.state == "withdrawn" else _("过期了")


def ticket(coupon: Coupon, offer: Offer) -> dict[str, str]:
    big, small = worth(offer)
    until = _("到 %(day)s", day=last_day_words(coupon.expires_at))
    where = _("指定门店") if offer.stores else ""
    facts = {"big": big, "small": small, "least": least(offer), "until": until}
    return facts | {"where": where, "name": offer.name}


def worth(offer: Offer) -> tuple[str, str]:
    """What it takes off, in one or two characters and a unit."""
    if offer.kind == "amount":
        return f"{offer.value / 100:g}", _("元")
    if offer.kind == "percent":
        return f"{(100 - offer.value) / 10:g}", _("折")
    return (_("礼") if offer.kind == "gift" else offer.name[:2]), ""


def least(offer: Offer) -> str:
    if not offer.threshold_fen:
        return _("没有门槛")
    return _("满 %(yuan)s 元", yuan=f"{offer.threshold_fen / 100:g}")
