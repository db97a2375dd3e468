"""The stage of life a customer is in: her own word, coarse, under a consent of its own."""

from __future__ import annotations

from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.events.commands import SayLifeStage
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import consent, customers, journeys, tags
from bot.tongue import _

router = Router()
PURPOSE = "life_stage"


@router.on(SayLifeStage)
async def say(command: SayLifeStage, turn: Turn) -> Answer:
    said = await turn.session.get(Customer, command.customer_id)
    if said is None or command.actor.kind != "customer" or said.ref != command.actor.id:
        raise Refusal("not_own_act", _("同意只能由顾客本人给"), status=403)
    if command.tag and command.tag not in turn.content.tags.said_by_her():
        raise Refusal("unknown_tag", _("没有「%(tag)s」这个标签", tag=command.tag), status=422)
    customer = await customers.stands_for(turn.session, said)
    await consent.record(
        turn.session,
        customer_id=customer.id,
        purpose=PURPOSE,
        action="grant" if command.tag else "withdraw",
        channel="h5",
        actor=str(command.actor),
        at=turn.now,
        evidence={"page": "/h5/preferences"},
    )
    if command.tag:
        await _put(turn, customer.id, command.tag)
    return Answer({"customer_id": customer.id, "tag": command.tag})


async def _put(turn: Turn, customer_id: int, tag: str) -> None:
    new = await tags.put(
        turn.session,
        customer_id=customer_id,
        tag=tag,
        source="answer",
        evidence={"form": "preferences"},
        now=turn.now,
    )
    if new:
        await journeys.enter(
            turn.session,
            turn.content,
            trigger=f"tag_added:{tag}",
            customer_id=customer_id,
            cause=f"tag:{tag}:{turn.key}",
            now=turn.now,
        )
