"""Contests: entered with the right to use the picture, voted on, taken back, and looked at by a person first."""

from __future__ import annotations

import base64
import binascii

from bot.domain.customers import Customer
from bot.domain.games import Game
from bot.domain.pictures import read_picture
from bot.domain.refusals import Refusal
from bot.events import EnterContest, ReadContestEntry, VoteInContest, WithdrawFromContest
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import contests

router = Router()
LONGEST = 40


@router.on(EnterContest)
async def enter(command: EnterContest, turn: Turn) -> Answer:
    game = await _game(command, turn)
    if not command.agreed:
        raise Refusal("no_rights", "没有勾选同意使用，照片没有收下，也不会给任何人看", status=422)
    caption = " ".join(command.text.split())[:LONGEST]
    if not caption:
        raise Refusal("no_caption", "先给照片起个名字", status=422)
    if turn.content.games.sensitive(caption) or turn.content.check_text(caption):
        raise Refusal("bad_words", "名字里有不能公开的话或联系方式，换一个", status=422)
    entry = await contests.enter(
        turn.session,
        turn.vault,
        game,
        customer_id=command.customer_id,
        caption=caption,
        picture=read_picture(_bytes(command.picture)),
        now=turn.now,
    )
    return Answer({"entry_id": entry.id, "words": "收到了，同事看过就会出现在这里"})


def _bytes(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except binascii.Error:
        raise Refusal("bad_picture", "只收 JPEG 或 PNG 图片", status=422) from None


@router.on(VoteInContest)
async def vote(command: VoteInContest, turn: Turn) -> Answer:
    game = await _game(command, turn)
    await contests.vote(
        turn.session,
        turn.vault,
        game,
        customer_id=command.customer_id,
        entry_id=command.entry_id,
        now=turn.now,
    )
    return Answer({"entry_id": command.entry_id})


@router.on(WithdrawFromContest)
async def withdraw(command: WithdrawFromContest, turn: Turn) -> Answer:
    game = await _game(command, turn)
    await contests.withdraw(turn.session, game, command.customer_id, turn.now)
    return Answer({"words": "撤回了，照片已经删掉"})


@router.on(ReadContestEntry)
async def read(command: ReadContestEntry, turn: Turn) -> Answer:
    game = await contests.read(turn.session, command.entry_id, fine=command.fine)
    if game is None:
        raise Refusal("unknown_entry", "这一张已经看过，或者她撤回了", status=404)
    return Answer({"entry_id": command.entry_id, "after": "in" if command.fine else "refused"})


async def _game(command: EnterContest | VoteInContest | WithdrawFromContest, turn: Turn) -> Game:
    customer = await turn.session.get(Customer, command.customer_id)
    if customer is None or customer.merged_into or customer.ref != command.actor.id:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    game = turn.content.games.named(command.game)
    if game is None or game.kind != "contest":
        raise Refusal("no_contest", "没有这个征集", status=404)
    return game
