"""推荐给朋友: a code of her own by which a friend adds her guide. Nobody gets anything for passing it on."""

from __future__ import annotations

from aiohttp import web

from bot.domain.influence import SHARED
from bot.domain.tiers import TierConfig
from bot.events.commands import AskShareCode
from bot.store import contact_ways, customers, relationship
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.desk import DESK
from bot.web.forms import key_in
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
HERE = "/h5/share"


@routes.get(HERE)
async def code(request: web.Request) -> web.StreamResponse:
    desk, now = request.app[DESK], request.app[DESK].work.now()
    config = TierConfig.read(desk.work.content.tiers).influence
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        way = await contact_ways.by_state(session, f"{SHARED}{customer.ref}")
        guide = await customers.guide_of(session, customer.id)
        brought = await relationship.brought(session, customer.id, config, now)
    return page(
        request, "customer/share.html", way=way, guide=guide, friends=brought.friends, here=HERE
    )


@routes.post(HERE)
@allowed("friend.bring")
async def ask(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    command = AskShareCode(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:share",
        customer_id=customer.id,
    )
    await desk.do(command)
    raise web.HTTPSeeOther(HERE)
