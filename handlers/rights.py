"""Rights: claimed by customers, given by orders, closed by what comes back."""

from __future__ import annotations

from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.events import ClaimRight, OrderKind, OrderReported
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import rights
from bot.store.orders import recorded_now

router = Router()


@router.on(ClaimRight)
async def claim(command: ClaimRight, turn: Turn) -> Answer:
    customer = await turn.session.get(Customer, command.customer_id)
    if customer is None or customer.ref != command.actor.id:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    coupon = await rights.claim(
        turn.session,
        turn.content.levels,
        customer_id=command.customer_id,
        key=command.right,
        now=turn.now,
    )
    return Answer({"coupon_id": coupon.id, "words": "领到了，在卡包里"})


@router.on(OrderReported, when=lambda event: event.kind is OrderKind.PAID)
async def open_by_order(event: OrderReported, turn: Turn) -> None:
    recorded = await recorded_now(turn.session, event)
    if recorded.new and recorded.customer_id is not None:
        await rights.give_opened(
            turn.session,
            turn.content.levels,
            recorded.customer_id,
            turn.now,
            first=recorded.first,
        )


@router.on(
    OrderReported, when=lambda event: event.kind in {OrderKind.REFUNDED, OrderKind.CANCELLED}
)
async def close(event: OrderReported, turn: Turn) -> None:
    order = (await recorded_now(turn.session, event)).order
    if order.customer_id is not None:
        await rights.close(turn.session, turn.content.levels, order.customer_id, turn.now)
