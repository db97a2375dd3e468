"""Notices of the Official Account: what she answers when asked for one, and what became of those that were sent."""

from __future__ import annotations

from bot.events import AuthorizationRevoked, FanLeft, SubscriptionAnswered, TemplateFinished
from bot.inbound.router import Router
from bot.inbound.turn import Turn
from bot.store import customers, notices

router = Router()


@router.on(SubscriptionAnswered)
async def hear_answer(event: SubscriptionAnswered, turn: Turn) -> None:
    for template_id, accepted in {event.template_id: event.accepted, **event.others}.items():
        # A switch turned on in the settings allows no message: only a yes to being asked does.
        if not accepted or event.scene is not None:
            await notices.answered(
                turn.session,
                customer_id=await _who(event, turn),
                openid=event.openid,
                template_id=template_id,
                accepted=accepted,
                at=event.at,
            )


async def _who(event: SubscriptionAnswered, turn: Turn) -> int:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    if customer is None:
        customer = await customers.meet(
            turn.session,
            turn.vault,
            kind="openid",
            value=event.openid,
            at=event.at,
            account=event.account,
            evidence="notice",
        )
        # Nobody said that she follows the account: a page asks whoever opens it.
        await customers.gone(turn.session, kind="openid", value=event.openid, at=event.at)
    return customer.id


@router.on(FanLeft)
async def lose_fan(event: FanLeft, turn: Turn) -> None:
    await notices.gone(turn.session, event.openid, event.at)


@router.on(AuthorizationRevoked)
async def forget_fan(event: AuthorizationRevoked, turn: Turn) -> None:
    await notices.gone(turn.session, event.openid, event.at)


@router.on(TemplateFinished)
async def hear_verdict(event: TemplateFinished, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    if customer is not None and event.status != "success":
        await notices.failed(
            turn.session,
            customer.id,
            msgid=event.msgid,
            template_id=event.template_id,
            now=turn.now,
        )
