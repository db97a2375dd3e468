"""What is to be paid: the level's discount, a coupon and points, each on what the one before has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.levels import Levels
from bot.domain.offers import Offer, discount, eligible
from bot.events.shop import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    amount_fen: int
    level_off_fen: int = 0
    coupon_off_fen: int = 0
    points: int = 0
    """As many as are worth using."""
    points_off_fen: int = 0

    @property
    def payable_fen(self) -> int:
        return self.amount_fen - self.level_off_fen - self.coupon_off_fen - self.points_off_fen


def price(
    levels: Levels,
    amount_fen: int,
    *,
    level: str,
    offer: Offer | None = None,
    lines: Sequence[Line] = (),
    points: int = 0,
) -> Price:
    """Points are money and come last; which of the other two comes first is the shop's choice."""
    rank = levels.named(level)
    percent = rank.percent_off if rank else 0
    level_off = coupon_off = 0
    if levels.coupon_first:
        coupon_off = _coupon(offer, amount_fen, lines)
        level_off = (amount_fen - coupon_off) * percent // 100
    else:
        level_off = amount_fen * percent // 100
        coupon_off = _coupon(offer, amount_fen - level_off, lines)
    left = amount_fen - level_off - coupon_off
    worth = levels.fen_per_spent_point
    used = min(points, left // worth) if worth else 0
    return Price(
        amount_fen=amount_fen,
        level_off_fen=level_off,
        coupon_off_fen=coupon_off,
        points=used,
        points_off_fen=used * worth,
    )


def _coupon(offer: Offer | None, left_fen: int, lines: Sequence[Line]) -> int:
    if offer is None:
        return 0
    good_for = eligible(offer, left_fen, lines) or 0
    return discount(offer, good_for) if good_for >= offer.threshold_fen else 0
