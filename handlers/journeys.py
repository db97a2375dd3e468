"""Events that begin a journey."""

from __future__ import annotations

from bot.events import CustomerAdded, OrderKind, OrderReported
from bot.inbound.router import Router
from bot.inbound.turn import Turn
from bot.store import customers, journeys, orders

router = Router()


@router.on(CustomerAdded)
async def begin_with_friend(event: CustomerAdded, turn: Turn) -> None:
    customer = await customers.find(
        turn.session, turn.vault, "external_userid", event.external_userid
    )
    if customer is None:
        return
    await journeys.enter(
        turn.session,
        turn.content,
        trigger="friend_added",
        customer_id=customer.id,
        # Half an adding and the whole of it are one: the entry is the tie, not the event.
        cause=f"friend:{event.userid}",
        now=turn.now,
        facts={"state": event.state, "guide": event.userid},
    )


@router.on(OrderReported, when=lambda event: event.kind is OrderKind.PAID)
async def begin_with_order(event: OrderReported, turn: Turn) -> None:
    recorded = await orders.recorded_now(turn.session, event)
    if recorded.customer_id is None or not recorded.new:
        return
    triggers = ["order_paid", *(["first_order"] if recorded.first else [])]
    for trigger in triggers:
        await journeys.enter(
            turn.session,
            turn.content,
            trigger=trigger,
            customer_id=recorded.customer_id,
            cause=f"order:{event.source}:{event.order_no}",
            now=turn.now,
            facts={"order_no": event.order_no},
        )
