"""How a verdict looks at the till: icon, colour and one sentence, and what to tell the customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import normalize

from bot.domain.offers import SHOP_ZONE, day_words, last_day_words
from bot.domain.refusals import Refusal
from bot.tongue import _

FACES = {
    "ok": ("check", "", "这张券可以用"),
    "amount_needed": ("check", "", "填了金额就可以用"),
    "below_threshold": ("alert-triangle", "warn", "这一单还差一点"),
    "used": ("x", "bad", "这张券已经用过了"),
    "expired": ("clock", "bad", "这张券已经过期"),
    "wrong_store": ("building-store", "warn", "这张券不是本店的"),
    "not_yet": ("clock", "warn", "还没到可以用的时间"),
    "unknown": ("search", "bad", "没有这个券码"),
    "stale_qr": ("refresh", "warn", "顾客换了新码"),
    "locked": ("lock", "bad", "这个收银台先停一停"),
    "withdrawn": ("ban", "bad", "这张券已经收回"),
    "declined": ("ban", "bad", "这张券已经让出去了"),
    "waiting": ("clock", "warn", "还在排队，没有轮到"),
    "reserved": ("clock", "warn", "这张券正留给另一单"),
    "wrong_goods": ("alert-triangle", "warn", "这一单没有能用券的商品"),
    "not_first_order": ("alert-triangle", "warn", "只有第一次买能用"),
    "own_coupon": ("ban", "bad", "自己的券不能自己核销"),
    "not_stackable": ("alert-triangle", "warn", "这一单已经用了一张券"),
}
OTHERWISE = ("alert-circle", "bad", "没有核销")
MAY_CONFIRM = frozenset({"ok", "amount_needed", "below_threshold"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One verdict as the page needs it."""

    facts: Mapping[str, Any]
    error: str = ""
    """What is wrong with what was typed on this page."""

    @property
    def state(self) -> str:
        return str(self.facts["state"])

    @property
    def face(self) -> tuple[str, str, str]:
        return FACES.get(self.state, OTHERWISE)

    @property
    def may_confirm(self) -> bool:
        return self.state in MAY_CONFIRM

    @property
    def words(self) -> str:
        """Below the headline: what to do next."""
        if self.state == "ok":
            return _("请核对后点「确认核销」")
        if self.state == "amount_needed":
            return _("填这一单的金额，再点「确认核销」")
        said = str(self.facts["words"]).partition("；")[0]
        return said.removeprefix(f"{self.face[2]}，")

    @property
    def say(self) -> str:
        """What a clerk may read out."""
        others = self.facts.get("others") or ()
        instead = f"您手机里还有一张{others[0]}，可以用那张。" if others else ""
        said = _SAY.get(self.state, "")
        return (said.format(**self._moments()) + instead) if said else ""

    @property
    def until(self) -> str:
        """Her last day; the hour only where it is not the end of that day."""
        written = self.facts.get("expires_at")
        if not written:
            return "—"
        local = datetime.fromisoformat(written).astimezone(SHOP_ZONE)
        if local.time() == time():
            return _("%(day)s当天为止", day=last_day_words(local))
        return _("%(moment)s 前", moment=f"{day_words(local)} {local:%H:%M}")

    def _moments(self) -> dict[str, str]:
        return {"words": str(self.facts["words"]).partition("；")[0].replace("：", "，")}


_SAY = {
    "used": "{words}。",
    "expired": "不好意思，{words}。",
    "wrong_store": "不好意思，这张券要到指定的门店用。",
    "not_yet": "{words}，到时候再来就可以。",
    "unknown": "麻烦您把券码再给我看一眼。",
    "stale_qr": "您手机上的码刚换了新的，麻烦再给我扫一下。",
    "below_threshold": "{words}，再带一件就能用上。",
}


def fen_of(typed: str) -> int | None:
    """`199`, `¥1,299.50` and full-width digits in fen; None when nothing was typed. Raises Refusal bad_amount."""
    plain = normalize("NFKC", typed).strip().lstrip("¥").rstrip("元").replace(",", "").strip()
    if not plain:
        return None
    try:
        fen = Decimal(plain) * 100
        if not plain.isascii() or "e" in plain.lower() or fen != int(fen) or fen <= 0:
            raise InvalidOperation
    except (InvalidOperation, ValueError, OverflowError):
        raise Refusal("bad_amount", "金额像 199 或 199.50 这样写，单位是元", status=422) from None
    return int(fen)
