"""Offers with their budgets, coupons, and redemptions at the till."""

from bot.domain.offers.codes import ALPHABET, CODE_LENGTH, code_for, read_code
from bot.domain.offers.entities import Coupon, Cycle, Offer, Redemption, TillMiss
from bot.domain.offers.rules import (
    discount,
    eligible,
    pieces_left,
    runs_out,
    why_not_issued,
    worst_fen,
)
from bot.domain.offers.spec import OfferSpec
from bot.domain.offers.verdicts import (
    ENOUGH,
    LOCKED,
    STALE_QR,
    UNDO,
    UNKNOWN,
    Beside,
    Till,
    Verdict,
    judge,
    used_words,
)
from bot.domain.offers.words import SHOP_ZONE, day_words, in_words, last_day_words, yuan

__all__ = [
    "ALPHABET",
    "CODE_LENGTH",
    "ENOUGH",
    "LOCKED",
    "SHOP_ZONE",
    "STALE_QR",
    "UNDO",
    "UNKNOWN",
    "Beside",
    "Coupon",
    "Cycle",
    "Offer",
    "OfferSpec",
    "Redemption",
    "Till",
    "TillMiss",
    "Verdict",
    "code_for",
    "day_words",
    "discount",
    "eligible",
    "in_words",
    "judge",
    "last_day_words",
    "pieces_left",
    "read_code",
    "runs_out",
    "used_words",
    "why_not_issued",
    "worst_fen",
    "yuan",
]
