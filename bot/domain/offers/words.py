"""What offers, sums and days are called in front of people."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.offers.entities import Offer
from bot.tongue import _, tongue

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
SHOP_ZONE = ZoneInfo("Asia/Shanghai")


def in_words(offer: Offer) -> str:
    """满 200 元减 30 元 — what the offer gives, in a few words."""
    least = _("满 %(sum)s 元", sum=yuan(offer.threshold_fen)) if offer.threshold_fen else ""
    match offer.kind:
        case "amount":
            return _("%(least)s减 %(sum)s 元", least=least, sum=yuan(offer.value))
        case "percent":
            off = f"{(100 - offer.value) / 10:g}" if tongue() == "zh" else f"{offer.value}%"
            most = _("，最多减 %(sum)s 元", sum=yuan(offer.most_fen)) if offer.most_fen else ""
            return _("%(least)s%(off)s 折%(most)s", least=least, off=off, most=most)
        case "shipping":
            return _("%(least)s免运费", least=least)
        case _:
            return f"{least}{offer.name}"


def yuan(fen: int) -> str:
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"


def day_words(moment: datetime) -> str:
    local = moment.astimezone(SHOP_ZONE)
    if tongue() == "zh":
        return f"{local.month} 月 {local.day} 日"
    return f"{MONTHS[local.month - 1]} {local.day}"


def last_day_words(expires_at: datetime) -> str:
    return day_words(expires_at - timedelta(microseconds=1))
