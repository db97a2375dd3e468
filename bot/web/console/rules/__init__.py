"""Rules as forms that people fill in: field, comparison, value, how many days back, and groups of these."""

from __future__ import annotations

from bot.web.console.rules.fields import QUICK, groups, label_of, ops_of
from bot.web.console.rules.form import (
    MODES,
    Form,
    each,
    form_of,
    mistakes,
    pairs,
    read_form,
    without,
)
from bot.web.console.rules.rows import Choices, Row, new_row

__all__ = [
    "MODES",
    "QUICK",
    "Choices",
    "Form",
    "Row",
    "each",
    "form_of",
    "groups",
    "label_of",
    "mistakes",
    "new_row",
    "ops_of",
    "pairs",
    "read_form",
    "without",
]
