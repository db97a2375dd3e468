"""Games on a page: the same as in chat, said by a tap."""

from __future__ import annotations

from bot.domain.customers import Customer
from bot.domain.games import Play
from bot.domain.intents import Intent
from bot.domain.refusals import Refusal
from bot.events import PlayGame
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from handlers.chat.games import play
from handlers.chat.talk import GAME, Talk

router = Router()
ON_PAGES = {"vote", "lottery", "chain", "checkin", "quiz"}


@router.on(PlayGame)
async def played(command: PlayGame, turn: Turn) -> Answer:
    customer = await turn.session.get(Customer, command.customer_id)
    if customer is None or customer.merged_into or customer.ref != command.actor.id:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    game = turn.content.games.named(command.game)
    if game is None or game.kind not in ON_PAGES:
        raise Refusal("no_game", "没有这个活动，或者已经结束了", status=404)
    talk = Talk(turn, customer.id, "official", command.said, Intent(GAME, 1.0))
    return Answer({"words": (await play(talk, Play(game, command.said))).text})
