"""Orders that shops report: counted once, whoever else hears of them."""

from __future__ import annotations

from bot.events.shop import OrderReported
from bot.inbound.router import Router
from bot.inbound.turn import Turn
from bot.store import orders

router = Router()


@router.on(OrderReported)
async def count_order(event: OrderReported, turn: Turn) -> None:
    await orders.record(turn.session, turn.vault, event)
