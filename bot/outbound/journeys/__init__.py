"""Journeys as periodic work: runs walk on, and the calendar begins new ones."""

from bot.outbound.journeys.entries import (
    birthday_entries,
    coupon_entries,
    open_campaigns,
    pairing_entries,
    pet_entries,
    series_entries,
    tier_entries,
)
from bot.outbound.journeys.walk import advance_due

__all__ = [
    "advance_due",
    "birthday_entries",
    "coupon_entries",
    "open_campaigns",
    "pairing_entries",
    "pet_entries",
    "series_entries",
    "tier_entries",
]
