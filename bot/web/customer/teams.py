"""拼团: a team as whoever was given its link sees it, begun and joined with one tap and without any reward for it."""

from __future__ import annotations

from aiohttp import web

from bot.domain.offers import in_words
from bot.domain.refusals import Refusal
from bot.events.commands import JoinTeam
from bot.store import offers
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.customer.staying import agrees
from bot.web.desk import DESK
from bot.web.forms import key_in
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
NUMBER = r"{team:\d{1,18}}"
NO_TEAM = "没有这个团，请让发给你的人再看一眼团号"


@routes.get(f"/h5/teams/{NUMBER}")
async def one(request: web.Request) -> web.StreamResponse:
    desk, number = request.app[DESK], int(request.match_info["team"])
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        team = await offers.team_of(session, number, desk.work.now())
        if team is None:
            raise Refusal("no_team", NO_TEAM, status=404)
        stay = await agrees(session, customer)
        inside = number in {
            each.number for each in await offers.teams_of(session, customer.id, desk.work.now())
        }
    return page(
        request,
        "customer/team.html",
        team=team,
        stay=stay,
        gives=in_words(team.offer),
        inside=inside,
        link=desk.work.content.address(f"/h5/teams/{number}"),
    )


@routes.post(r"/h5/offers/{key}/team")
@allowed("coupon.claim")
async def begin(request: web.Request) -> web.StreamResponse:
    return await _join(request, request.match_info["key"][:60], None)


@routes.post(f"/h5/teams/{NUMBER}/join")
@allowed("coupon.claim")
async def join(request: web.Request) -> web.StreamResponse:
    desk, number = request.app[DESK], int(request.match_info["team"])
    async with desk.work.sessions.reading() as session:
        team = await offers.team_of(session, number, desk.work.now())
    if team is None:
        raise Refusal("no_team", NO_TEAM, status=404)
    return await _join(request, team.offer.key, number)


async def _join(request: web.Request, offer: str, number: int | None) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    command = JoinTeam(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{offer}:{number or ''}",
        customer_id=customer.id,
        offer=offer,
        team=number,
    )
    told = await desk.do(command)
    raise web.HTTPSeeOther(f"/h5/teams/{told['team']}")
