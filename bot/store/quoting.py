"""What she would pay now: her level, her coupon and her points, by the one engine of prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.levels import Levels
from bot.domain.offers import read_code
from bot.domain.pricing import Price, price
from bot.domain.refusals import Refusal
from bot.events.shop import Line
from bot.store import offers, points
from bot.store.family import family, surviving


class Quote(NamedTuple):
    level: str
    price: Price


async def quote(
    session: AsyncSession,
    levels: Levels,
    customer_id: int,
    *,
    amount_fen: int,
    now: datetime,
    lines: Sequence[Line] = (),
    code: str | None = None,
    with_points: bool = False,
) -> Quote:
    """Nothing is used up. Raises Refusal unknown for a coupon that is not hers or not good now."""
    hers = await surviving(session, customer_id)
    offer = None
    if code is not None:
        found = await offers.coupon_for_code(session, read_code(code))
        mine = found is not None and found[0].customer_id in await family(session, hers)
        if found is None or not mine or found[0].state != "held" or found[0].expires_at <= now:
            raise Refusal("unknown", "没有这张券，或者它现在不能用", status=404)
        offer = found[1]
    level = await points.level_of(session, hers)
    has = await points.balance(session, hers) if with_points else 0
    made = price(levels, amount_fen, level=level, offer=offer, lines=lines, points=max(has, 0))
    return Quote(level, made)
