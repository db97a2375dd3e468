"""Segments: kept as drafts that count nowhere, and published: from then on everybody asks the new version."""

from __future__ import annotations

from bot.domain.refusals import Refusal
from bot.domain.segments import BadRule, parse, read_back
from bot.events.commands import KeepSegmentDraft, PublishSegment
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import segments

router = Router()


@router.on(PublishSegment)
async def publish(command: PublishSegment, turn: Turn) -> Answer:
    try:
        rule = parse(command.rule)
    except BadRule as mistake:
        raise Refusal("bad_rule", str(mistake), status=422) from None
    live = await segments.published(turn.session, command.name)
    made = await segments.publish(
        turn.session,
        key=command.name,
        name=live.name if live else command.name,
        rule=command.rule,
        by=str(command.actor),
        now=turn.now,
    )
    customers = await segments.count(turn.session, rule, turn.now)
    return Answer({"version": made.version, "customers": customers, "words": read_back(rule)})


@router.on(KeepSegmentDraft)
async def keep_draft(command: KeepSegmentDraft, turn: Turn) -> Answer:
    if not command.rule:
        gone = await segments.drop_draft(turn.session, command.name)
        return Answer({"name": command.name, "dropped": gone})
    kept = await segments.keep_draft(
        turn.session,
        key=command.name,
        name=command.name,
        rule=command.rule,
        by=str(command.actor),
        now=turn.now,
    )
    return Answer({"name": kept.key, "at": kept.at.isoformat()})
