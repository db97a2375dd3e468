"""An order re-tiers its customer at once, by the cuts of the last full run."""

from __future__ import annotations

from bot.domain.tiers import TierConfig
from bot.events.shop import OrderReported
from bot.inbound.router import Router
from bot.inbound.turn import Turn
from bot.store import orders, tiers

router = Router()


@router.on(OrderReported)
async def retier(event: OrderReported, turn: Turn) -> None:
    recorded = await orders.recorded_now(turn.session, event)
    if recorded.customer_id is None or not recorded.delta_fen:
        return
    await tiers.refresh(
        turn.session,
        [recorded.customer_id],
        turn.now,
        config=TierConfig.read(turn.content.tiers),
        zone=turn.settings.zone,
    )
