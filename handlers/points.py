"""Points: earned by orders, taken back by returns, spent and corrected by people."""

from __future__ import annotations

from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.events import AdjustPoints, OrderReported, SpendPoints
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import journeys, points
from bot.store.orders import recorded_now

router = Router()
MOST_ADJUSTED = 5000
"""A larger correction is not one person's decision."""


@router.on(OrderReported)
async def settle_order(event: OrderReported, turn: Turn) -> None:
    order = (await recorded_now(turn.session, event)).order
    standing = await points.settle_order(
        turn.session, order, key=turn.key, at=event.at, levels=turn.content.levels
    )
    if standing is not None and standing.risen and order.customer_id is not None:
        await journeys.enter(
            turn.session,
            turn.content,
            trigger="level_reached",
            customer_id=order.customer_id,
            cause=f"level:{standing.level}",
            now=turn.now,
        )


@router.on(SpendPoints)
async def spend(command: SpendPoints, turn: Turn) -> Answer:
    customer = await turn.session.get(Customer, command.customer_id)
    own = command.actor.kind != "customer" or (customer and customer.ref == command.actor.id)
    if customer is None or not own:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    left = await points.spend(
        turn.session,
        customer_id=command.customer_id,
        points=command.points,
        effect=f"act:{turn.key}",
        at=turn.now,
        note=command.what,
    )
    return Answer({"balance": left, "words": f"花了 {command.points} 分，还剩 {left} 分"})


@router.on(AdjustPoints)
async def adjust(command: AdjustPoints, turn: Turn) -> Answer:
    if not command.reason.strip():
        raise Refusal("no_reason", "请写一句为什么调整", status=422)
    if command.delta == 0 or abs(command.delta) > MOST_ADJUSTED:
        raise Refusal("above_limit", f"一次最多调整 {MOST_ADJUSTED} 分", status=422)
    left = await _adjusted(command, turn)
    return Answer({"balance": left, "words": f"调整好了，现在有 {left} 分"})


async def _adjusted(command: AdjustPoints, turn: Turn) -> int:
    effect = f"act:{turn.key}"
    if command.delta < 0:
        return await points.spend(
            turn.session,
            customer_id=command.customer_id,
            points=-command.delta,
            effect=effect,
            at=turn.now,
            note=command.reason,
            kind="adjust",
        )
    standing = await points.earn(
        turn.session,
        customer_id=command.customer_id,
        points=command.delta,
        effect=effect,
        at=turn.now,
        kind="adjust",
        note=command.reason,
    )
    return standing.balance
