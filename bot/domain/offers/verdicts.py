"""What a till is told about a coupon, in words a clerk can read out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.offers.entities import Coupon, Offer
from bot.domain.offers.rules import discount
from bot.domain.offers.words import SHOP_ZONE, day_words, in_words, last_day_words, yuan

STATUS = {
    "ok": 200,
    "unknown": 404,
    "wrong_store": 403,
    "below_threshold": 422,
    "amount_needed": 422,
    "locked": 429,
}
"""HTTP status by state; every other refusal is a conflict, 409."""
UNDO = timedelta(minutes=10)
"""How long the clerk who redeemed may take it back herself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    state: str
    """ok, used, expired, not_yet, wrong_store, unknown, stale_qr, below_threshold, amount_needed or locked."""
    words: str
    code: str | None = None
    """The spoken code; what was scanned does not show it."""
    offer: str | None = None
    gives: str | None = None
    expires_at: datetime | None = None
    discount_fen: int = 0
    payable_fen: int | None = None
    used_at: datetime | None = None
    used_store: str | None = None
    undo_until: datetime | None = None
    others: tuple[str, ...] = ()
    """Other coupons she holds and could use instead."""

    @property
    def status(self) -> int:
        return STATUS.get(self.state, 409)

    def facts(self) -> dict[str, Any]:
        """As JSON, for pages and tills."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in (told | {"others": list(self.others)}).items()
        }


def judge(
    coupon: Coupon, offer: Offer, *, store: str | None, amount_fen: int | None, now: datetime
) -> Verdict:
    """May this coupon be used at this till now? Says so; changes nothing."""
    state, words = _refusal(coupon, offer, store=store, amount_fen=amount_fen, now=now)
    off = discount(offer, amount_fen) if state == "ok" else 0
    return Verdict(
        state=state,
        words=words or f"可以用：{offer.name}，{in_words(offer)}",
        code=coupon.code,
        offer=offer.name,
        gives=in_words(offer),
        expires_at=coupon.expires_at,
        discount_fen=off,
        payable_fen=None if amount_fen is None else amount_fen - off,
    )


def _refusal(
    coupon: Coupon, offer: Offer, *, store: str | None, amount_fen: int | None, now: datetime
) -> tuple[str, str]:
    if coupon.state == "redeemed":
        return "used", "这张券已经用掉了"
    if now < (opens := max(coupon.issued_at, offer.starts_at)):
        return "not_yet", f"还没到时间：这张券 {day_words(opens)}起可以用"
    if coupon.state == "expired" or now >= coupon.expires_at:
        return "expired", f"这张券 {last_day_words(coupon.expires_at)}到期，已经过期了"
    if offer.stores and store not in offer.stores:
        return "wrong_store", "这张券不是本店的，请顾客到指定门店使用"
    return _amount_refusal(offer, amount_fen)


def _amount_refusal(offer: Offer, amount_fen: int | None) -> tuple[str, str]:
    if amount_fen is None:
        if offer.threshold_fen or offer.kind == "percent":
            return "amount_needed", f"{in_words(offer)}：请先填这一单的金额"
    elif amount_fen < offer.threshold_fen:
        short = yuan(offer.threshold_fen - amount_fen)
        return "below_threshold", f"还差 {short} 元：{in_words(offer)}"
    return "ok", ""


def used_words(at: datetime, where: str | None) -> str:
    """这张券 5 月 3 日 10:12 已经在本店用掉了。"""
    local = at.astimezone(SHOP_ZONE)
    return f"这张券 {day_words(at)} {local:%H:%M} 已经在{where or '别处'}用掉了"


STALE_QR = Verdict(state="stale_qr", words="顾客的码已经换新了，请扫她手机上现在的码")
UNKNOWN = Verdict(state="unknown", words="没有这个券码，请和顾客再核对一遍")
LOCKED = Verdict(state="locked", words="错误的券码太多了，这个收银台 10 分钟后才能再核销")
