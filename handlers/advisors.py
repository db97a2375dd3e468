"""What the platform tells of customers that were passed on to another guide."""

from __future__ import annotations

from bot.events import CustomerAdded, TransferFailed
from bot.inbound.router import Router
from bot.inbound.turn import Turn
from bot.store import advisors

router = Router()


# A customer who was passed on brings no welcome code; whoever scans a code does.
@router.on(CustomerAdded, when=lambda event: event.welcome_code is None and not event.half)
async def passed_on(event: CustomerAdded, turn: Turn) -> None:
    rows = await advisors.pending(
        turn.session, external_userid=event.external_userid, taker=event.userid
    )
    await advisors.conclude(turn.session, turn.vault, rows, "done", turn.now)


@router.on(TransferFailed)
async def not_passed_on(event: TransferFailed, turn: Turn) -> None:
    state = "full" if event.reason == "customer_limit_exceed" else "refused"
    rows = await advisors.pending(
        turn.session, external_userid=event.external_userid, giver=event.userid
    )
    await advisors.conclude(turn.session, turn.vault, rows, state, turn.now)
