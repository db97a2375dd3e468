"""When an offer may be given, how long a coupon lasts and what it takes off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from bot.domain.offers.entities import Offer
from bot.domain.offers.words import SHOP_ZONE
from bot.domain.refusals import Refusal
from bot.events.shop import Line
from bot.tongue import _


def runs_out(offer: Offer, now: datetime) -> datetime:
    """The midnight after the last valid day: a day printed on a coupon counts whole."""
    last = now.astimezone(SHOP_ZONE).date() + timedelta(days=offer.valid_days)
    return datetime.combine(last + timedelta(days=1), time(), SHOP_ZONE)


def why_not_issued(offer: Offer, now: datetime) -> Refusal | None:
    if offer.state == "paused":
        return Refusal("paused", _("「%(name)s」暂停发放", name=offer.name))
    if now < offer.starts_at:
        return Refusal("not_started", _("「%(name)s」还没开始", name=offer.name))
    if offer.state == "ended" or now >= offer.ends_at:
        return Refusal("ended", _("「%(name)s」已经结束", name=offer.name))
    if pieces_left(offer) <= 0:
        return Refusal("out_of_stock", _("「%(name)s」已经发完", name=offer.name))
    return None


def pieces_left(offer: Offer) -> int:
    """How many can still be given, by pieces and by what each may cost."""
    left = offer.budget_pieces - offer.issued
    if offer.budget_fen is None or not offer.piece_fen:
        return left
    return min(left, (offer.budget_fen - offer.owed_fen) // offer.piece_fen)


def eligible(offer: Offer, amount_fen: int | None, lines: Sequence[Line]) -> int | None:
    """What of this order the offer is good for. Without lines, the amount given is of the right goods."""
    if not offer.goods or not lines:
        return amount_fen
    of_it = sum(line.amount_fen for line in lines if {line.sku, line.category} & set(offer.goods))
    return of_it if amount_fen is None else min(of_it, amount_fen)


def worst_fen(offer: Offer) -> int:
    """What one piece costs us at most; 0 where nobody can say."""
    off = offer.value if offer.kind == "amount" else offer.most_fen
    return max(off, offer.piece_fen)


def discount(offer: Offer, amount_fen: int | None) -> int:
    """Fen off this order; never more than the order, and never a fraction in the shop's favour."""
    if offer.kind == "percent":
        off = -(-(amount_fen or 0) * min(offer.value, 100) // 100)
        return min(off, offer.most_fen or off)
    if offer.kind != "amount":
        return 0
    return offer.value if amount_fen is None else min(offer.value, amount_fen)
