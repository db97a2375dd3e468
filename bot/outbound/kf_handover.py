"""What became of handing a kf conversation to a person: who holds it now, or who else is asked."""

from __future__ import annotations

from dataclasses import replace

from bot.calls import ChangeKfState, Outcome, Refused, Sent
from bot.outbound.settled import Settling, settled
from bot.store import conversations
from bot.store.outbox import Claimed

POOL, PERSON = 2, 3


@settled.on(ChangeKfState)
async def handed_over(
    call: ChangeKfState, outcome: Outcome, owed: Claimed, settling: Settling
) -> None:
    if owed.customer_id is None or call.state not in {POOL, PERSON}:
        return
    if isinstance(outcome, Sent):
        await conversations.hold(
            settling.session,
            customer_id=owed.customer_id,
            channel="kf",
            by=call.userid or "pool",
            at=settling.now,
        )
    elif isinstance(outcome, Refused) and call.state == PERSON:
        # Her guide is not receiving now: whoever is on duty takes it.
        await settling.owe(
            replace(call, state=POOL, userid=None),
            effect=f"{owed.effect}:pool",
            lane="express",
            customer_id=owed.customer_id,
        )
