"""Tags and their rules as people make them in the console."""

from __future__ import annotations

from bot.events.commands import DefineTag, RetireTagRule, SettleTagDispute
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import tags

router = Router()


@router.on(DefineTag)
async def define(command: DefineTag, turn: Turn) -> Answer:
    made = await tags.define(
        turn.session,
        turn.content.tags,
        command.name,
        command.rule,
        by=str(command.actor),
        now=turn.now,
    )
    return Answer({"tag": made.tag, "rule": made.id})


@router.on(RetireTagRule)
async def retire(command: RetireTagRule, turn: Turn) -> Answer:
    return Answer({"taken_off": await tags.retire(turn.session, command.name)})


@router.on(SettleTagDispute)
async def settle(command: SettleTagDispute, turn: Turn) -> Answer:
    await tags.settle_dispute(turn.session, command.follow_id, command.tag_id, keep=command.keep)
    return Answer({"kept": command.keep})
