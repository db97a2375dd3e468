"""Coupons from budget to till: published, issued, shown, redeemed, taken back."""

from bot.domain.offers import Till
from bot.store.offers.by_hand import given_by_hand, named, to_give, trigger_of
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
from bot.store.offers.cycles import Cycling, cycle_offers
from bot.store.offers.cycles import begin as begin_cycle
from bot.store.offers.cycles import due as cycles_due
from bot.store.offers.cycles import give as give_cycle
from bot.store.offers.cycles import skip as skip_cycle
from bot.store.offers.cycles import stop as stop_cycle
from bot.store.offers.issuing import claimable, coupon_for_code, held, issue, lock_offers
from bot.store.offers.offered import Open, on_offer, past
from bot.store.offers.publishing import publish_offers, switch
from bot.store.offers.qr import open_token, qr_token
from bot.store.offers.redeeming import look_up, redeem, release, reserve
from bot.store.offers.returning import return_for_order, void
from bot.store.offers.sums import CouponSums, sums
from bot.store.offers.teams import Team, dissolve, join, team_of, team_offers, teams_of
from bot.store.offers.withdrawing import decline, withdraw, withdraw_untold

__all__ = [
    "CouponSums",
    "Cycling",
    "Holder",
    "Open",
    "Redeemed",
    "Team",
    "Till",
    "begin_cycle",
    "claimable",
    "count_since",
    "coupon_for_code",
    "cycle_offers",
    "cycles_due",
    "decline",
    "dissolve",
    "give_cycle",
    "given_by_hand",
    "held",
    "holder_of",
    "issue",
    "join",
    "lock_offers",
    "look_up",
    "named",
    "on_offer",
    "open_token",
    "past",
    "publish_offers",
    "qr_token",
    "redeem",
    "redeemed_since",
    "redemption",
    "redemption_of",
    "release",
    "reserve",
    "return_for_order",
    "skip_cycle",
    "stop_cycle",
    "store_name",
    "sums",
    "switch",
    "team_of",
    "team_offers",
    "teams_of",
    "to_give",
    "trigger_of",
    "void",
    "withdraw",
    "withdraw_untold",
]
