"""When an offer may be given, how long a coupon lasts and what it takes off."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.domain.offers.entities import Offer
from bot.domain.offers.words import SHOP_ZONE
from bot.domain.refusals import Refusal


def runs_out(offer: Offer, now: datetime) -> datetime:
    """The midnight after the last valid day: a day printed on a coupon counts whole."""
    last = now.astimezone(SHOP_ZONE).date() + timedelta(days=offer.valid_days)
    return datetime.combine(last + timedelta(days=1), time(), SHOP_ZONE)


def why_not_issued(offer: Offer, now: datetime) -> Refusal | None:
    if offer.state == "paused":
        return Refusal("paused", f"「{offer.name}」暂停发放")
    if now < offer.starts_at:
        return Refusal("not_started", f"「{offer.name}」还没开始")
    if offer.state == "ended" or now >= offer.ends_at:
        return Refusal("ended", f"「{offer.name}」已经结束")
    if offer.issued >= offer.budget_pieces:
        return Refusal("out_of_stock", f"「{offer.name}」已经发完")
    return None


def discount(offer: Offer, amount_fen: int | None) -> int:
    """Fen off this order; never more than the order, and never a fraction in the shop's favour."""
    if offer.kind == "percent":
        return -(-(amount_fen or 0) * min(offer.value, 100) // 100)
    if offer.kind != "amount":
        return 0
    return offer.value if amount_fen is None else min(offer.value, amount_fen)
