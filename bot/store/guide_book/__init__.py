"""What a guide's pages show: her customers, one of them, what waits for her, and her month."""

from bot.store.guide_book.day import OpenCase, Sending, done_today, open_cases, waiting
from bot.store.guide_book.month import (
    UNMASKED,
    Month,
    Worked,
    month_of,
    sold_between,
    unmasked_today,
    what_worked,
)
from bot.store.guide_book.people import FILTERS, Person, customer_of, known, page_of, tag_counts
from bot.store.guide_book.profile import Moment, Numbers, moments, numbers, phone_of
from bot.store.guide_book.sends import Pushed, pushed

__all__ = [
    "FILTERS",
    "UNMASKED",
    "Moment",
    "Month",
    "Numbers",
    "OpenCase",
    "Person",
    "Pushed",
    "Sending",
    "Worked",
    "customer_of",
    "done_today",
    "known",
    "moments",
    "month_of",
    "numbers",
    "open_cases",
    "page_of",
    "phone_of",
    "pushed",
    "sold_between",
    "tag_counts",
    "unmasked_today",
    "waiting",
    "what_worked",
]
