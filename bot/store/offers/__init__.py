"""Coupons from budget to till: published, issued, shown, redeemed, taken back."""

from bot.store.offers.counter import (
    Holder,
    Redeemed,
    count_since,
    holder_of,
    redeemed_since,
    redemption,
    redemption_of,
    store_name,
)
from bot.store.offers.issuing import coupon_for_code, held, issue, publish_offers
from bot.store.offers.qr import qr_token
from bot.store.offers.redeeming import Till, look_up, redeem
from bot.store.offers.returning import return_for_order, void
from bot.store.offers.sums import CouponSums, sums

__all__ = [
    "CouponSums",
    "Holder",
    "Redeemed",
    "Till",
    "count_since",
    "coupon_for_code",
    "held",
    "holder_of",
    "issue",
    "look_up",
    "publish_offers",
    "qr_token",
    "redeem",
    "redeemed_since",
    "redemption",
    "redemption_of",
    "return_for_order",
    "store_name",
    "sums",
    "void",
]
