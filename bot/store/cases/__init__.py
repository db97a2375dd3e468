"""Cases in the database: opened once, told at every step, timed, and closed."""

from __future__ import annotations

from bot.store.cases.assigning import assign
from bot.store.cases.closing import apology_given, close, may_ask
from bot.store.cases.hers import of_customer
from bot.store.cases.mass import pause_campaigns, similar
from bot.store.cases.opening import hold, open_case, subject_of
from bot.store.cases.people import in_charge, responder, responders
from bot.store.cases.progress import begin, call_in, fire
from bot.store.cases.steps import (
    add_note,
    add_step,
    answer,
    due,
    escalate,
    get,
    live_of,
    look_again,
    passed,
    step_of,
    words_of,
)
from bot.store.cases.telling import Speaker, announce, by_guide, tell

__all__ = [
    "Speaker",
    "add_note",
    "add_step",
    "announce",
    "answer",
    "apology_given",
    "assign",
    "begin",
    "by_guide",
    "call_in",
    "close",
    "due",
    "escalate",
    "fire",
    "get",
    "hold",
    "in_charge",
    "live_of",
    "look_again",
    "may_ask",
    "of_customer",
    "open_case",
    "passed",
    "pause_campaigns",
    "responder",
    "responders",
    "similar",
    "step_of",
    "subject_of",
    "tell",
    "words_of",
]
