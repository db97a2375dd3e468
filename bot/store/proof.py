"""What a campaign brought: its funnel, what its coupons cost, and the lift with its interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.aims import METRICS
from bot.domain.campaigns import Attribution, Campaign, Touch
from bot.domain.experiments import Lift
from bot.domain.offers import Coupon, Redemption
from bot.store import attribution

HANDED = ("handed_over", "delivered", "not_friend", "over_quota", "expired", "unknown")
FUNNEL = {
    "planned": "排定",
    "handed_over": "交出",
    "delivered": "送达",
    "opened": "点开",
    "redeemed": "用券",
    "ordered": "下单",
}


@dataclass(frozen=True, slots=True)
class Proof:
    campaign: str
    metric: str
    funnel: dict[str, int]
    cost_fen: int
    """What the coupons that were used took off."""
    lifts: dict[str, Lift]
    """By template; "" is all of them together."""

    def as_json(self) -> dict[str, Any]:
        lifts = {
            name: asdict(one) | {"difference": one.difference, "verdict": verdict(one)}
            for name, one in self.lifts.items()
        }
        return asdict(self) | {"lifts": lifts}

    def in_words(self) -> str:
        steps = " → ".join(f"{words} {self.funnel[key]}" for key, words in FUNNEL.items())
        lines = [f"「{self.campaign}」{steps}", f"  券让利 ¥{self.cost_fen / 100:,.2f}"]
        lines += [self._line(name, one) for name, one in self.lifts.items()]
        return "\n".join(lines)

    def _line(self, name: str, one: Lift) -> str:
        scale, unit = (100.0, "元") if self.metric == "revenue" else (0.01, "个百分点")
        low, high, by = one.low / scale, one.high / scale, one.difference / scale
        who = (
            f"  {name or METRICS[self.metric]}：发了 {one.n_treated} 人，对照 {one.n_holdout} 人，"
        )
        if not one.n_holdout:
            return f"{who}没有对照，比不出来"
        return f"{who}差 {by:+.2f} {unit}（{low:+.2f} 到 {high:+.2f}），{VERDICTS[verdict(one)]}"


VERDICTS = {"win": "有效", "loss": "有害", "open": "还看不出来"}


def verdict(lift: Lift) -> str:
    """A win only when the whole interval lies above nothing."""
    if lift.low > 0:
        return "win"
    return "loss" if lift.high < 0 else "open"


async def of(session: AsyncSession, campaign: Campaign) -> Proof:
    metric = (campaign.goal or {}).get("metric") or "revenue"
    mine = Touch.campaign_id == campaign.id
    touches = select(
        func.count().filter(Touch.arm == "treated"),
        func.count().filter(Touch.state.in_(HANDED)),
        func.count().filter(Touch.state == "delivered"),
        func.count(Touch.opened_at),
    ).where(mine)
    planned, handed, delivered, opened = (await session.execute(touches)).one()
    used = select(func.count(), func.coalesce(func.sum(Redemption.discount_fen), 0))
    used = used.join(Coupon, Coupon.id == Redemption.coupon_id)
    used = used.join(Touch, Touch.id == Coupon.touch_id)
    used = used.where(mine, Redemption.voided_at.is_(None))
    redeemed, cost = (await session.execute(used)).one()
    orders = select(func.count(distinct(Touch.customer_id)))
    orders = orders.join(Attribution, Attribution.touch_id == Touch.id).where(mine)
    counted = (planned, handed, delivered, opened, redeemed, await session.scalar(orders) or 0)
    return Proof(
        campaign.name,
        metric,
        dict(zip(FUNNEL, map(int, counted), strict=True)),
        int(cost),
        await attribution.of_campaign(session, campaign),
    )
