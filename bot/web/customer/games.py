"""一起玩: a vote, a draw that anybody can recompute, a check-in, short questions; nothing for passing it on."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.games import LONGEST_SAID, Game, GameRound, hash_of, proof, streak
from bot.domain.refusals import Refusal
from bot.events.commands import PlayGame
from bot.store import consent, games
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.customer.staying import agrees
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
KEY = "{key:[a-z][a-z0-9-]{0,30}}"
DRAW = rf"/h5/games/{KEY}/draws/{{round:\d{{4}}-W\d\d}}"
PLAYED = ("vote", "lottery", "chain", "checkin", "quiz")
A_PAGE = 100
"""Tickets; all of them stand in the file."""
DRAWS = 8
LINES = 50
"""Of a 接龙 that are shown, the newest."""


def game_of(request: web.Request, *kinds: str) -> Game:
    """Raises Refusal no_game."""
    game = request.app[DESK].work.content.games.named(request.match_info["key"])
    if game is None or game.kind not in (kinds or PLAYED):
        raise Refusal("no_game", "没有这个活动，或者已经结束了", status=404)
    return game


@routes.get(f"/h5/games/{KEY}")
async def one(request: web.Request) -> web.StreamResponse:
    game = game_of(request)
    async with request.app[DESK].work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        stay = await agrees(session, customer)
        shown = await SHOWN[game.kind](request, session, game, customer.id)
    return page(request, "customer/game.html", game=game, stay=stay, **shown)


async def _vote(
    _request: web.Request, session: AsyncSession, game: Game, who: int
) -> dict[str, Any]:
    hers = await games.entry_of(session, game, "", who)
    counted = await games.tally(session, game, "")
    return {"hers": hers and hers.choice, "votes": counted, "all": sum(counted.values())}


async def _lottery(
    request: web.Request, session: AsyncSession, game: Game, who: int
) -> dict[str, Any]:
    """The hash stands there before she takes a ticket."""
    work = request.app[DESK].work
    now = game.round_at(work.now())
    hers = await games.entry_of(session, game, now, who)
    return {
        "round": now,
        "hers": hers and hers.choice,
        "commit": games.commitment(work.vault, game, now),
        "draws": await games.draws(session, game, limit=DRAWS),
    }


async def _checkin(
    request: web.Request, session: AsyncSession, game: Game, who: int
) -> dict[str, Any]:
    today = game.round_at(request.app[DESK].work.now())
    days = await games.rounds_of(session, game, who)
    return {"hers": today in days, "days": streak(days, date.fromisoformat(today))}


async def _quiz(
    request: web.Request, session: AsyncSession, game: Game, who: int
) -> dict[str, Any]:
    work = request.app[DESK].work
    may = await consent.granted(session, who, "profiling") is not None
    asked = await games.next_question(session, work.content.tags, game, who, work.now())
    return {"may": may, "asked": asked}


async def _chain(
    request: web.Request, session: AsyncSession, game: Game, who: int
) -> dict[str, Any]:
    """Words without names; what nobody has read yet is seen by her alone."""
    work = request.app[DESK].work
    now = game.round_at(work.now())
    told = await games.words(session, work.vault, game, now, newest=LINES)
    hers = await games.said_by(session, work.vault, game, now, who)
    return {"hers": hers, "lines": [said for _row, said in told], "longest": LONGEST_SAID}


SHOWN = {
    "vote": _vote,
    "lottery": _lottery,
    "chain": _chain,
    "checkin": _checkin,
    "quiz": _quiz,
}


@routes.post(f"/h5/games/{KEY}")
@allowed("contest.join")
async def play(request: web.Request) -> web.StreamResponse:
    desk, game, form = request.app[DESK], game_of(request), await request.post()
    customer, said = await herself(request), typed(form, "said")[:LONGEST_SAID]
    command = PlayGame(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{game.key}",
        customer_id=customer.id,
        game=game.key,
        said=said,
    )
    await desk.do(command)
    raise web.HTTPSeeOther(f"/h5/games/{game.key}")


async def _drawn(request: web.Request) -> tuple[Game, GameRound]:
    game = game_of(request, "lottery")
    async with request.app[DESK].work.sessions.reading() as session:
        round_ = await games.draw(session, game, request.match_info["round"])
    if round_ is None:
        raise Refusal("no_draw", "这一期还没有开奖", status=404)
    return game, round_


@routes.get(DRAW)
async def draw(request: web.Request) -> web.StreamResponse:
    """For whoever has the link: nothing here says whose a ticket is."""
    game, round_ = await _drawn(request)
    asked = request.query.get("from", "0")
    start = int(asked) // A_PAGE * A_PAGE if asked.isdecimal() and len(asked) < 9 else 0
    return page(
        request,
        "customer/draw.html",
        game=game,
        draw=round_,
        commit=hash_of(round_.seed),
        start=start,
        step=A_PAGE,
        tickets=round_.tickets[start : start + A_PAGE],
    )


@routes.get(f"{DRAW}/tickets.txt")
async def tickets(request: web.Request) -> web.StreamResponse:
    game, round_ = await _drawn(request)
    named = f'attachment; filename="{game.key}-{round_.round}.txt"'
    headers = {"Content-Disposition": named}
    return web.Response(text=proof(round_, game.name), headers=headers)
