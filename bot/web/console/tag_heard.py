"""What people fill in for a tag of something heard: which words, codes or links, for how long, and how sure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.tags import Heard
from bot.tongue import _
from bot.web.console import forms
from bot.web.console.tag_counter import patterns

FIELDS = ("any", "days", "sure")
SURE = {"keyword": "70"}
"""A word may be said of something else; the rest is as it is."""
Filled = dict[str, str]


def of_rule(when: str, rule: Heard | None) -> Filled:
    if rule is None:
        return {"any": "", "days": "", "sure": SURE.get(when, "100")}
    sure = f"{100 * rule.confidence:g}"
    return {"any": "、".join(rule.any), "days": str(rule.days or ""), "sure": sure}


def of_form(form: Mapping[str, Any]) -> Filled:
    return {name: forms.text(form, name) for name in FIELDS}


def written(form: Mapping[str, Any], when: str) -> dict[str, Any]:
    """The rule as the file would have it. Raises Refusal missing or bad_number."""
    heard = patterns(forms.needed(form, "any", _("先写听到什么才打")))
    told: dict[str, Any] = {"when": when, "any": heard}
    if days := forms.number(form, "days", least=1, most=3650):
        told["days"] = days
    sure = forms.number(form, "sure", least=1, most=100) or int(SURE.get(when, 100))
    return told | ({"confidence": sure / 100} if sure < 100 else {})
