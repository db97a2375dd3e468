"""What offers, sums and days are called in front of people."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.offers.entities import Offer

SHOP_ZONE = ZoneInfo("Asia/Shanghai")


def in_words(offer: Offer) -> str:
    """满 200 元减 30 元 — what the offer gives, in a few words."""
    least = f"满 {yuan(offer.threshold_fen)} 元" if offer.threshold_fen else ""
    match offer.kind:
        case "amount":
            return f"{least}减 {yuan(offer.value)} 元"
        case "percent":
            most = f"，最多减 {yuan(offer.most_fen)} 元" if offer.most_fen else ""
            return f"{least}{(100 - offer.value) / 10:g} 折{most}"
        case "shipping":
            return f"{least}免运费"
        case _:
            return f"{least}{offer.name}"


def yuan(fen: int) -> str:
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"


def day_words(moment: datetime) -> str:
    local = moment.astimezone(SHOP_ZONE)
    return f"{local.month} 月 {local.day} 日"


def last_day_words(expires_at: datetime) -> str:
    return day_words(expires_at - timedelta(microseconds=1))
