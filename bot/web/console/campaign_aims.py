"""What is wanted of a campaign, as its form shows and reads it: goal, rivals, budget, and when it halts by itself."""

from __future__ import annotations

from typing import Any

from multidict import MultiDictProxy

from bot.domain.aims import StopRule
from bot.domain.campaigns import Campaign
from bot.events.aims import Aims
from bot.web.console import forms
from bot.web.forms import all_typed

USUAL = StopRule()
STOPS = {
    "least": USUAL.least,
    "opted_out_percent": int(USUAL.opted_out_percent),
    "complained_percent": int(USUAL.complained_percent),
}
"""When a campaign halts if nobody says otherwise."""
BLANK: dict[str, Any] = {
    "metric": "",
    "canary": 0,
    "hypothesis": "",
    "budget": "",
    "rivals": [],
    "holdout_by": "customer",
    **STOPS,
}


def typed(campaign: Campaign) -> dict[str, Any]:
    """The fields as they would have been filled in."""
    goal, budget = campaign.goal or {}, campaign.budget_fen
    return {
        "metric": goal.get("metric", ""),
        "canary": campaign.canary_percent,
        "hypothesis": goal.get("hypothesis", ""),
        "budget": "" if budget is None else budget // 100,
        "rivals": (campaign.arms or [])[1:],
        "holdout_by": campaign.holdout_by,
        **STOPS,
        **(campaign.stop_when or {}),
    }


def read(form: MultiDictProxy[Any]) -> Aims:
    budget = forms.number(form, "budget", least=1, most=10**7)
    return Aims(
        metric=forms.text(form, "metric") or "revenue",
        hypothesis=forms.text(form, "hypothesis", most=200),
        canary_percent=forms.number(form, "canary", most=50) or 0,
        budget_fen=None if budget is None else budget * 100,
        rivals=tuple(all_typed(form, "rivals")),
        holdout_by=forms.text(form, "holdout_by") or "customer",
        stop_when=_stops(form),
    )


def _stops(form: MultiDictProxy[Any]) -> dict[str, Any]:
    """Only what differs from the usual is kept, so that a better usual reaches old drafts too."""
    said = {
        "least": forms.number(form, "least", least=1, most=10**6),
        "opted_out_percent": forms.number(form, "opted_out_percent", least=1, most=100),
        "complained_percent": forms.number(form, "complained_percent", least=1, most=100),
    }
    return {name: one for name, one in said.items() if one is not None and one != STOPS[name]}
