"""Cases in the database: opened once, told at every step, timed, and closed."""

from __future__ import annotations

from bot.store.cases.closing import apology_given, close, may_ask
from bot.store.cases.mass import pause_campaigns, similar
from bot.store.cases.opening import hold, open_case, subject_of
from bot.store.cases.people import responder, responders
from bot.store.cases.steps import add_note, add_step, answer, escalate, get, passed, words_of
from bot.store.cases.telling import tell, untold

__all__ = [
    "add_note",
    "add_step",
    "answer",
    "apology_given",
    "close",
    "escalate",
    "get",
    "hold",
    "may_ask",
    "open_case",
    "passed",
    "pause_campaigns",
    "responder",
    "responders",
    "similar",
    "subject_of",
    "tell",
    "untold",
    "words_of",
]
