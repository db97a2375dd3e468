"""Other systems begin to listen, and stop."""

from __future__ import annotations

from bot.domain.refusals import Refusal
from bot.domain.webhooks import KINDS
from bot.events.commands import Subscribe, Unsubscribe
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import webhooks

router = Router()


@router.on(Subscribe)
async def subscribe(command: Subscribe, turn: Turn) -> Answer:
    if not command.kinds or not set(command.kinds) <= set(KINDS):
        raise Refusal("unknown_kind", f"能听的有：{'、'.join(KINDS)}", status=422)
    hook = await webhooks.add(
        turn.session, url=command.url, kinds=command.kinds, by=str(command.actor), now=turn.now
    )
    return Answer({"id": hook.id, "url": hook.url, "kinds": hook.kinds, "state": hook.state})


@router.on(Unsubscribe)
async def unsubscribe(command: Unsubscribe, turn: Turn) -> Answer:
    if await webhooks.by_id(turn.session, command.webhook_id) is None:
        raise Refusal("unknown_webhook", "没有这个 webhook", status=404)
    await webhooks.remove(turn.session, command.webhook_id)
    return Answer({"id": command.webhook_id, "state": "removed"})
