"""Tags and their rules as people make them in the console."""

from __future__ import annotations

from bot.domain.tags import Answered, rule_of
from bot.events.commands import DefineTag, RetireTagRule, SettleTagDispute
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import tags

router = Router()
PART = 5_000


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
    given = await _given_before(command, turn) if command.rule.get("when") == "answer" else 0
    return Answer({"tag": made.tag, "rule": made.id, "given": given})


async def _given_before(command: DefineTag, turn: Turn) -> int:
    """Who gave this answer before the rule will not be asked again: she gets it now."""
    rule = rule_of(command.name, command.rule)
    if not isinstance(rule, Answered):
        return 0
    ids = await tags.answerers(turn.session, rule, turn.now)
    why = tags.Why({"form": rule.form, "field": rule.field}, "system:siyu", "answer")
    given = 0
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        given += len(
            await tags.put_on_many(turn.session, part, tag=rule.tag, why=why, now=turn.now)
        )
    return given


@router.on(RetireTagRule)
async def retire(command: RetireTagRule, turn: Turn) -> Answer:
    return Answer({"taken_off": await tags.retire(turn.session, command.name)})


@router.on(SettleTagDispute)
async def settle(command: SettleTagDispute, turn: Turn) -> Answer:
    await tags.settle_dispute(turn.session, command.follow_id, command.tag_id, keep=command.keep)
    return Answer({"kept": command.keep})
