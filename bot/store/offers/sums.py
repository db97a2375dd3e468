"""How many coupons went out, were used and came back: for reports."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Coupon, Redemption


@dataclass(frozen=True, slots=True)
class CouponSums:
    issued: int
    redeemed: int
    returned: int


async def sums(session: AsyncSession) -> CouponSums:
    """`redeemed` are standing redemptions; `returned` those that a returned order undid."""
    issued = await session.scalar(select(func.count(Coupon.id)))
    standing = await session.scalar(select(func.count(Redemption.live)))
    returned = await session.scalar(
        select(func.count(Redemption.id)).where(Redemption.void_reason == "order_returned")
    )
    return CouponSums(issued or 0, standing or 0, returned or 0)
