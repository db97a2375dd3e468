"""What a model said comes back in as an event, in line with everything else that she does."""

from __future__ import annotations

import json

from bot import events
from bot.calls import AskModel, Outcome, Sent
from bot.events import ModelAnswered
from bot.outbound.settled import Settling, settled
from bot.store import inbox, tasks
from bot.store.inbox import Arrival
from bot.store.outbox import Claimed


@settled.on(AskModel)
async def answered(call: AskModel, outcome: Outcome, owed: Claimed, settling: Settling) -> None:
    told = outcome.answer if isinstance(outcome, Sent) else {}
    event = ModelAnswered(
        at=settling.now,
        channel=call.channel,
        account=call.account,
        address=call.address,
        asked=call.asked,
        answer=str(told.get("answer", "")),
        title=str(told.get("title", "")),
    )
    arrival = Arrival("event", json.dumps(events.dump(event), ensure_ascii=False).encode())
    await inbox.keep(settling.session, settling.vault, [arrival], now=settling.now)
    await tasks.ask(settling.session, tasks.DRAIN)
