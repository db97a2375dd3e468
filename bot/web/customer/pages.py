"""卡包, 消息偏好 and 找客服: what the menu and our messages link to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import segno
from aiohttp import web

from bot.domain.customers import Customer
from bot.domain.offers import Coupon, Offer, in_words, last_day_words
from bot.domain.refusals import Refusal
from bot.domain.rights import months_after
from bot.events.commands import ClaimRight, OptIn, OptOut
from bot.store import consent, offers, points, rights
from bot.store.customers import name_of
from bot.web.customer import door
from bot.web.customer.door import ask_who, customer_at
from bot.web.desk import DESK, Desk
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

_own = web.RouteTableDef()
MARKETING = ("marketing_wecom", "marketing_official")
Held = Sequence[tuple[Coupon, Offer]]


@_own.get("/h5")
async def wallet(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        held = await offers.held(session, customer.id, desk.work.now())
        standing = await points.standing(session, customer.id)
        levels, now = desk.work.content.levels, desk.work.now()
        open_to_her = await rights.progress(session, levels, customer.id, now)
        runs_out = months_after(now, 1)
        soon = await points.expiring(session, [customer.id], runs_out)
        name = await name_of(session, desk.work.vault, customer.id)
    shown = _chosen(held, request.query.get("show", ""))
    return page(
        request,
        "customer/wallet.html",
        who=name,
        standing=standing,
        next=levels.next_after(standing.level),
        coupons=[(coupon, _ticket(coupon, offer)) for coupon, offer in held],
        shown=shown,
        rights=open_to_her,
        expiring=soon.get(customer.id, 0),
        **(_code(desk, *shown) if shown else {}),
    )


@_own.get(r"/h5/code/{id:\d{1,18}}")
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


@_own.post(r"/h5/rights/{key}")
@allowed("coupon.claim")
async def claim(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
    if customer is None:
        raise Refusal("unknown_customer", "请从公众号菜单重新打开这一页", status=404)
    right = request.match_info["key"]
    command = ClaimRight(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{right}",
        customer_id=customer.id,
        right=right,
    )
    told = await desk.do(command)
    raise web.HTTPSeeOther(f"/h5?show={told['coupon_id']}")


@_own.get("/h5/preferences")
async def preferences(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        agreed = [await consent.granted(session, customer.id, purpose) for purpose in MARKETING]
    quiet = desk.work.content.limits.quiet_hours
    return page(request, "customer/preferences.html", on=any(agreed), quiet=quiet)


@_own.post("/h5/preferences")
@allowed("consent.opt_out")
async def choose(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
    if customer is None:
        raise Refusal("unknown_customer", "请从公众号菜单重新打开这一页", status=404)
    on, key = typed(form, "on") == "yes", key_in(form)
    for purpose in MARKETING:
        await desk.do(_act(request, customer, purpose, key=f"{key}:{purpose}", on=on))
    raise web.HTTPSeeOther("/h5/preferences")


def _act(
    request: web.Request, customer: Customer, purpose: str, *, key: str, on: bool
) -> OptIn | OptOut:
    kind = OptIn if on else OptOut
    return kind(
        at=request.app[DESK].work.now(),
        actor=actor_of(request),
        key=key,
        customer_id=customer.id,
        purpose=purpose,
        channel="h5",
        evidence={"page": "/h5/preferences"},
    )


@_own.get("/h5/contact")
async def contact(request: web.Request) -> web.StreamResponse:
    return page(request, "customer/contact.html")


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


def _ticket(coupon: Coupon, offer: Offer) -> dict[str, str]:
    big, small = offer.name[:2], ""
    if offer.kind == "amount":
        big, small = f"{offer.value / 100:g}", "元"
    elif offer.kind == "percent":
        big, small = f"{(100 - offer.value) / 10:g}", "折"
    elif offer.kind == "gift":
        big = "礼"
    least = f"满 {offer.threshold_fen / 100:g} 元" if offer.threshold_fen else "没有门槛"
    until = f"到 {last_day_words(coupon.expires_at)}"
    where = "指定门店" if offer.stores else ""
    facts = {"big": big, "small": small, "least": least, "until": until}
    return facts | {"where": where, "name": offer.name}


routes = [*door.routes, *_own]
