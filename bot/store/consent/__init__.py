"""Consent: its ledger, its papers, what merging does to it, and who is never to be contacted again."""

from __future__ import annotations

from bot.store.consent.ledger import granted, paused, record, verify
from bot.store.consent.papers import Paper, read_papers
from bot.store.consent.sharing import carry_over, give_back
from bot.store.consent.suppressing import suppress, suppressed

__all__ = [
    "Paper",
    "carry_over",
    "give_back",
    "granted",
    "paused",
    "read_papers",
    "record",
    "suppress",
    "suppressed",
    "verify",
]
