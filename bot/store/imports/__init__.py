"""Imported rows into the database: a few statements per thousand rows, each of them repeatable."""

from __future__ import annotations

from bot.store.imports.consents import take_consents
from bot.store.imports.orders import Verdict, judge, write
from bot.store.imports.people import meet_many, update_people
from bot.store.imports.products import known_skus, write_products

__all__ = [
    "Verdict",
    "judge",
    "known_skus",
    "meet_many",
    "take_consents",
    "update_people",
    "write",
    "write_products",
]
