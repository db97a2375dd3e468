"""Who looks after whom: what the platform tells of customers passed on, and what people decide."""

from __future__ import annotations

from bot.domain.refusals import Refusal
from bot.events import CustomerAdded, TransferFailed
from bot.events.commands import ChangeAdvisor
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import advisors
from bot.tongue import _

router = Router()


# A customer who was passed on brings no welcome code; whoever scans a code does.
@router.on(CustomerAdded, when=lambda event: event.welcome_code is None and not event.half)
async def passed_on(event: CustomerAdded, turn: Turn) -> None:
    rows = await advisors.pending_of(
        turn.session, external_userid=event.external_userid, taker=event.userid
    )
    await advisors.conclude(turn.session, turn.vault, rows, "done", turn.now)


@router.on(TransferFailed)
async def not_passed_on(event: TransferFailed, turn: Turn) -> None:
    state = "full" if event.reason == "customer_limit_exceed" else "refused"
    rows = await advisors.pending_of(
        turn.session, external_userid=event.external_userid, giver=event.userid
    )
    await advisors.conclude(turn.session, turn.vault, rows, state, turn.now)


@router.on(ChangeAdvisor)
async def change(command: ChangeAdvisor, turn: Turn) -> Answer:
    """A person's choice may go beyond the most that one advisor gets by herself."""
    friends = await advisors.friends_of(turn.session, command.customer_id)
    taker = next((one for one in friends if one.guide.userid == command.userid), None)
    if taker is None:
        words = _("她没有加这位导购，或这位导购不在职；先请她加好友")
        raise Refusal("no_friend", words, status=409)
    before = next((one.guide.userid for one in friends if one.advises_since), None)
    await advisors.assign(
        turn.session, customer_id=command.customer_id, guide_id=taker.guide.id, now=turn.now
    )
    told = {"customer_id": command.customer_id, "before": before}
    return Answer(told | {"after": taker.guide.userid})
