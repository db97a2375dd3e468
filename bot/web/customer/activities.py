"""活动: what is open to everybody now with what is left of it, and what her level lets her take."""

from __future__ import annotations

from aiohttp import web

from bot.domain.offers import in_words
from bot.events.commands import ClaimCoupon, ClaimRight, TurnCycle
from bot.store import offers, rights
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.customer.games import PLAYED
from bot.web.customer.staying import agrees
from bot.web.customer.wallet import least, worth
from bot.web.desk import DESK
from bot.web.forms import key_in
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
TURNED = {
    "begin": "开通了，第一期的券在卡包里。",
    "skip": "跳过了这一期。",
    "stop": "停了，以后不再发；手上的券照样能用。",
}


@routes.get("/h5/activities")
async def activities(request: web.Request) -> web.StreamResponse:
    desk, now = request.app[DESK], request.app[DESK].work.now()
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        on_offer = await offers.on_offer(session, customer.id, now)
        together = await offers.team_offers(session, now)
        mine = await offers.teams_of(session, customer.id, now)
        cycles = await offers.cycle_offers(session, customer.id, now)
        stay = await agrees(session, customer)
        open_to_her = await rights.progress(session, desk.work.content.levels, customer.id, now)
    shown = [(one, worth(one.offer), least(one.offer), in_words(one.offer)) for one in on_offer]
    return page(
        request,
        "customer/activities.html",
        on_offer=shown,
        stay=stay,
        rights=[one for one in open_to_her if not one.right.points],
        games=desk.work.content.games.of_kind(*PLAYED),
        contests=[game for game in desk.work.content.games.of_kind("contest") if game.counts(now)],
        together=together,
        teams=mine,
        cycles=cycles,
        in_words=in_words,
        turned=TURNED.get(request.query.get("said", ""), ""),
        waits=request.query.get("said") == "waits",
    )


@routes.post(r"/h5/offers/{key}")
@allowed("coupon.claim")
async def take(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer, offer = await herself(request), request.match_info["key"][:60]
    command = ClaimCoupon(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{offer}",
        customer_id=customer.id,
        offer=offer,
    )
    told = await desk.do(command)
    if told["state"] == "waiting":
        raise web.HTTPSeeOther("/h5/activities?said=waits")
    raise web.HTTPSeeOther(f"/h5?show={told['coupon_id']}")


@routes.post(r"/h5/rights/{key}")
@allowed("coupon.claim")
async def claim(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer, right = await herself(request), request.match_info["key"]
    command = ClaimRight(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{right}",
        customer_id=customer.id,
        right=right,
    )
    told = await desk.do(command)
    raise web.HTTPSeeOther(f"/h5?show={told['coupon_id']}")


@routes.post(r"/h5/cycles/{key}/{what:begin|skip|stop}")
@allowed("coupon.claim")
async def turn_cycle(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    offer, what = request.match_info["key"][:60], request.match_info["what"]
    command = TurnCycle(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{offer}:{what}",
        customer_id=customer.id,
        offer=offer,
        what=what,
    )
    await desk.do(command)
    raise web.HTTPSeeOther(f"/h5/activities?said={what}")
