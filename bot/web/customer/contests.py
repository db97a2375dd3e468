"""征集: everybody's pictures, one of hers, one vote; nothing for passing the page on."""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from bot.domain.contests import SHOWN
from bot.domain.games import Game
from bot.domain.refusals import Refusal
from bot.events.commands import Command, EnterContest, VoteInContest, WithdrawFromContest
from bot.store import contests
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.customer.staying import agrees
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
KEY = "{key:[a-z][a-z0-9-]{0,30}}"
ENTRY = r"{id:\d{1,18}}"
SAID = {
    "entered": "收到了，同事看过就会出现在这里。",
    "voted": "投好了，谢谢。",
    "withdrawn": "撤回了，照片已经删掉。",
}


def contest(request: web.Request) -> Game:
    """Raises Refusal no_contest."""
    game = request.app[DESK].work.content.games.named(request.match_info["key"])
    if game is None or game.kind != "contest":
        raise Refusal("no_contest", "没有这个征集", status=404)
    return game


def image(kind: str, data: bytes) -> web.Response:
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": "inline"}
    return web.Response(body=data, content_type=kind, headers=headers)


@routes.get(f"/h5/contests/{KEY}")
async def one(request: web.Request) -> web.StreamResponse:
    desk, game = request.app[DESK], contest(request)
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        shown = await contests.entries(session, desk.work.vault, game)
        hers = await contests.entry_of(session, game, customer.id)
        choice = await contests.voted_for(session, game, customer.id)
        votes = await contests.tally(session, game)
        stay = await agrees(session, customer)
    now = desk.work.now()
    return page(
        request,
        "customer/contest.html",
        game=game,
        stay=stay,
        shown=shown,
        hers=hers,
        choice=choice,
        votes=votes,
        takes=game.takes(now),
        counts=game.counts(now),
        said=SAID.get(request.query.get("said", ""), ""),
    )


@routes.get(f"/h5/contests/{KEY}/pictures/{ENTRY}")
@allowed("contest.join")
async def picture(request: web.Request) -> web.StreamResponse:
    """What is shown to all, and her own whatever became of it."""
    desk, game = request.app[DESK], contest(request)
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        wanted = int(request.match_info["id"])
        found = await contests.picture_of(session, desk.work.vault, game, wanted)
        hers = await contests.entry_of(session, game, customer.id) if customer else None
    if found is None or not (found[0].state in SHOWN or (hers and hers.id == found[0].id)):
        raise Refusal("unknown_entry", "没有这一张，或者它已经撤回了", status=404)
    return image(found[0].kind, found[1])


@routes.post(f"/h5/contests/{KEY}")
@allowed("contest.join")
async def enter(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    sent = form.get("picture")
    data = sent.file.read() if isinstance(sent, web.FileField) else b""
    facts = {
        "text": typed(form, "caption"),
        "picture": base64.b64encode(data).decode(),
        "agreed": typed(form, "agreed") == "1",
    }
    return await _does(request, EnterContest, "entered", **facts)


@routes.post(f"/h5/contests/{KEY}/vote")
@allowed("contest.join")
async def vote(request: web.Request) -> web.StreamResponse:
    chosen = typed(await request.post(), "entry")
    entry = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0
    return await _does(request, VoteInContest, "voted", entry_id=entry)


@routes.post(f"/h5/contests/{KEY}/withdraw")
@allowed("contest.join")
async def withdraw(request: web.Request) -> web.StreamResponse:
    return await _does(request, WithdrawFromContest, "withdrawn")


async def _does(
    request: web.Request, act: type[Command], said: str, **facts: Any
) -> web.StreamResponse:
    desk, game = request.app[DESK], contest(request)
    customer, key = await herself(request), key_in(await request.post())
    whose: dict[str, Any] = {"customer_id": customer.id, "game": game.key}
    await desk.do(act(at=desk.work.now(), actor=actor_of(request), key=key, **whose, **facts))
    raise web.HTTPSeeOther(f"/h5/contests/{game.key}?said={said}")
