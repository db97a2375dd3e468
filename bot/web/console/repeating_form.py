"""A repeating campaign as a form: what was typed becomes the body that is kept, mistakes and all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from multidict import MultiMapping

from bot.content.checking import REACHES
from bot.web.console import forms, hanging
from bot.web.console.campaign_aims import STOPS

RHYTHMS = {
    "week": "每周",
    "month": "每月",
    "lunar": "农历节日",
    "days": "写明的日子",
}
BLANK: dict[str, Any] = {
    "campaign": {
        "calendar": {"every": "week", "weekday": 3, "at": "10:00"},
        "channels": list(REACHES),
        "lasts_days": 2,
    },
    "holdout_percent": 10,
}
KEPT = ("tactic", "purpose")
PLAIN: dict[str, Any] = {
    "metric": "revenue",
    "rivals": [],
    "canary_percent": 0,
    "holdout_by": "customer",
}
"""What need not be written down."""
BETWEEN = re.compile(r"[、,，;；\s]+")
Body = dict[str, Any]
Form = MultiMapping[Any]


def read(form: Form, rule: Any, before: Mapping[str, Any]) -> Body:
    """`rule` is whom the chosen segment means; what no form shows stays as it was."""
    body: Body = {"tactic": []} | {name: before[name] for name in KEPT if name in before}
    for name, most in (("name", 40), ("why", 300)):
        if said := forms.text(form, name, most=most):
            body[name] = said
    mailing: Body = {"segment": rule} if rule else {}
    mailing["calendar"] = _calendar(form)
    for name in ("template", "offer"):
        if said := forms.text(form, name):
            mailing[name] = said
    mailing["channels"] = [one for one in REACHES if one in form.getall("channels", [])]
    mailing["lasts_days"] = _number(forms.text(form, "lasts_days") or "2")
    if hung := hanging.read(form):
        mailing["attachments"] = list(hung)
    mailing |= _aims(form)
    held = _number(forms.text(form, "holdout_percent") or "0")
    return body | {"campaign": mailing, "holdout_percent": held}


def _aims(form: Form) -> Body:
    """What differs from the usual."""
    said: Body = {
        "metric": forms.text(form, "metric") or "revenue",
        "rivals": list(dict.fromkeys(str(one)[:80] for one in form.getall("rivals", []) if one)),
        "canary_percent": _number(forms.text(form, "canary") or "0"),
        "holdout_by": forms.text(form, "holdout_by") or "customer",
    }
    if budget := forms.text(form, "budget"):
        fen = _number(budget)
        said["budget_fen"] = fen * 100 if isinstance(fen, int) else fen
    stops = {name: _number(forms.text(form, name) or str(usual)) for name, usual in STOPS.items()}
    if stops != STOPS:
        said["stop_when"] = stops
    return {name: one for name, one in said.items() if one != PLAIN.get(name)}


def typed(mailing: Mapping[str, Any]) -> Body:
    """The fields of what is wanted of it, as they would have been filled in."""
    budget = mailing.get("budget_fen")
    return {
        "metric": mailing.get("metric", "revenue"),
        "rivals": mailing.get("rivals", []),
        "canary": mailing.get("canary_percent", 0),
        "holdout_by": mailing.get("holdout_by", "customer"),
        "budget": budget // 100 if isinstance(budget, int) else budget or "",
        **hanging.typed(mailing.get("attachments", ())),
        **STOPS,
        **(mailing.get("stop_when") or {}),
    }


def _calendar(form: Form) -> Body:
    every = forms.text(form, "every")
    told: Body = {"every": every, "at": forms.text(form, "at", most=5) or "10:00"}
    match every:
        case "week":
            told["weekday"] = _number(forms.text(form, "weekday"))
        case "month":
            told["days"] = [_number(one) for one in _several(form, "days")]
        case "lunar":
            told["lunar"] = [str(one)[:5] for one in form.getall("lunar", [])]
        case "days":
            told["dates"] = _several(form, "dates")
    if every in {"lunar", "days"} and (ahead := forms.text(form, "ahead")) not in {"", "0"}:
        told["ahead"] = _number(ahead)
    return told


def _several(form: Form, name: str) -> list[str]:
    parts = BETWEEN.split(forms.text(form, name, most=600))
    return list(dict.fromkeys(part for part in parts if part))


def _number(said: str) -> int | str:
    """What is no number stays as it was typed, to be told of."""
    return int(said) if said.isdecimal() and len(said) < 7 else said
