"""What a till is told about a coupon, in words a clerk can read out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.offers.entities import Coupon, Offer
from bot.domain.offers.rules import discount, eligible
from bot.domain.offers.words import SHOP_ZONE, day_words, in_words, last_day_words, yuan
from bot.events import Actor
from bot.events.shop import Line
from bot.tongue import _, listed

STATUS = {
    "ok": 200,
    "unknown": 404,
    "wrong_store": 403,
    "own_coupon": 403,
    "below_threshold": 422,
    "amount_needed": 422,
    "wrong_goods": 422,
    "locked": 429,
}
"""HTTP status by state; every other refusal is a conflict, 409."""
GONE = {
    "withdrawn": "这张券已经收回，不能用了",
    "declined": "顾客把这张券让出去了",
    "waiting": "还在排队，没有轮到她",
    "gathering": "拼团还没有成，成了才能用",
}
"""Coupons that are nobody's any more, or not yet."""
UNDO = timedelta(minutes=10)
"""How long the clerk who redeemed may take it back herself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """Where, by whom and for what a coupon is presented."""

    actor: Actor
    store: str | None = None
    """The store's code."""
    order_no: str | None = None
    amount_fen: int | None = None
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What is used, or reserved, on the same order already."""

    off_fen: int = 0
    alone: bool = False
    """One of those that do not stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    state: str
    """ok, used, expired, withdrawn, not_yet, reserved, wrong_store, wrong_goods, not_first_order, not_stackable,
    own_coupon, unknown, stale_qr, below_threshold, amount_needed or locked."""
    words: str
    code: str | None = None
    """The spoken code; what was scanned does not show it."""
    offer: str | None = None
    kind: str | None = None
    gives: str | None = None
    expires_at: datetime | None = None
    discount_fen: int = 0
    payable_fen: int | None = None
    used_at: datetime | None = None
    used_store: str | None = None
    undo_until: datetime | None = None
    reserved_until: datetime | None = None
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
    coupon: Coupon, offer: Offer, till: Till, now: datetime, beside: Beside = Beside()
) -> Verdict:
    """May this coupon be used at this till now? Says so; changes nothing."""
    amount = till.amount_fen
    state, words = _refusal(coupon, offer, till, now) or _among(offer, till, beside) or ("ok", "")
    off = discount(offer, eligible(offer, amount, till.lines)) if state == "ok" else 0
    off = off if amount is None else min(off, max(amount - beside.off_fen, 0))
    return Verdict(
        state=state,
        words=words or _("可以用：%(name)s，%(gives)s", name=offer.name, gives=in_words(offer)),
        code=coupon.code,
        offer=offer.name,
        kind=offer.kind,
        gives=in_words(offer),
        expires_at=coupon.expires_at,
        discount_fen=off,
        payable_fen=None if amount is None else max(amount - beside.off_fen - off, 0),
    )


Said = tuple[str, str] | None


def _refusal(coupon: Coupon, offer: Offer, till: Till, now: datetime) -> Said:
    if coupon.state == "redeemed":
        return "used", _("这张券已经用掉了")
    if coupon.state in GONE:
        return "withdrawn", _(GONE[coupon.state])
    if now < (opens := max(coupon.issued_at, offer.starts_at)):
        return "not_yet", _("还没到时间：这张券 %(day)s起可以用", day=day_words(opens))
    return _reserved(coupon, till, now) or _where_refused(offer, till)


def _reserved(coupon: Coupon, till: Till, now: datetime) -> Said:
    until = coupon.reserved_until
    if until is not None and now < until:
        if till.order_no == coupon.reserved_for:
            return None  # promised to this order: what runs out meanwhile still holds
        return "reserved", _("这张券正用在另一单上：先把那一单结掉或取消")
    if coupon.state == "expired" or now >= coupon.expires_at:
        return "expired", _(
            "这张券 %(day)s到期，已经过期了",
            day=last_day_words(coupon.expires_at),
        )
    return None


def _where_refused(offer: Offer, till: Till) -> Said:
    in_any = "*" in offer.stores and till.store is not None
    if not offer.stores or till.store in offer.stores or in_any:
        return None
    return "wrong_store", _("这张券不是本店的，请顾客到指定门店使用")


def _among(offer: Offer, till: Till, beside: Beside) -> Said:
    """What the order itself has against it."""
    if beside.alone and not offer.stacks:
        return "not_stackable", _("这一单已经用了一张不能叠加的券，只能用一张")
    amount = eligible(offer, till.amount_fen, till.lines)
    if amount is None:
        if offer.threshold_fen or offer.kind == "percent":
            return "amount_needed", _("%(gives)s：请先填这一单的金额", gives=in_words(offer))
        return None
    if offer.goods and till.lines and amount == 0:
        return "wrong_goods", _(
            "这一单里没有这张券能用的商品：只限%(goods)s", goods=listed(offer.goods)
        )
    if amount < offer.threshold_fen:
        short = yuan(offer.threshold_fen - amount)
        return "below_threshold", _(
            "还差 %(short)s 元：%(gives)s", short=short, gives=in_words(offer)
        )
    return None


def used_words(at: datetime, where: str | None) -> str:
    """这张券 5 月 3 日 10:12 已经在本店用掉了。"""
    local = at.astimezone(SHOP_ZONE)
    return _(
        "这张券 %(day)s %(time)s 已经在%(where)s用掉了",
        day=day_words(at),
        time=f"{local:%H:%M}",
        where=where or _("别处"),
    )


STALE_QR = Verdict(state="stale_qr", words="顾客的码已经换新了，请扫她手机上现在的码")
UNKNOWN = Verdict(state="unknown", words="没有这个券码，请和顾客再核对一遍")
ENOUGH = Verdict(state="locked", words="错误的券码太多了，这个收银台 10 分钟后才能再核销")
LOCKED = Verdict(
    state="locked", words="错误的券码太多了，这个收银台锁上了，锁上 10 分钟后才能再核销"
)
