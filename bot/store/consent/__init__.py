"""Consent: its ledger, its papers, what merging does to it, and who is never to be contacted again."""

from __future__ import annotations

from bot.store.consent.ledger import granted, paused, record, states, verify
from bot.store.consent.papers import Paper, read_papers
from bot.store.consent.sharing import carry_over, give_back
from bot.store.consent.suppressing import (
    ERASED,
    anybody_suppressed,
    erased,
    hash_of,
    release,
    seal_off,
    suppress,
    suppressed,
)

__all__ = [
    "ERASED",
    "Paper",
    "anybody_suppressed",
    "carry_over",
    "erased",
    "give_back",
    "granted",
    "hash_of",
    "paused",
    "read_papers",
    "record",
    "release",
    "seal_off",
    "states",
    "suppress",
    "suppressed",
    "verify",
]
