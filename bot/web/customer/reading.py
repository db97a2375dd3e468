"""What is kept of her in words: a row of the inventory as she can read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.domain.inventory_words import WORDS
from bot.domain.segment_fields import GENDERS, SAID_WORDS, STAGES
from bot.store.explain import CHANNELS
from bot.tongue import _
from bot.web.console.audit import ACTIONS
from bot.web.customer.preferences import SWITCHES
from bot.web.figures import yuan
from bot.web.pages import role_words

LONGEST = 300
CONSENTS = {
    "grant": "打开",
    "resume": "打开",
    "withdraw": "关掉",
    "object": "关掉",
    "pause": "关掉",
}
PURPOSES = SAID_WORDS | {name: words for name, (words, _about) in SWITCHES.items()}
BOOKS: Mapping[str, Mapping[str, str]] = {
    "action": ACTIONS | CONSENTS,
    "purpose": PURPOSES,
    "channel": CHANNELS,
    "gender": GENDERS,
    "stage": STAGES,
}
"""Columns whose values are codes of ours."""


def read(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What has a word, in the order of the words, cut where it is long."""
    told = [(name, row[name]) for name in WORDS if name in row and row[name] not in ("", {}, [])]
    return [(_(WORDS[name]), _value(name, value)) for name, value in told]


def _value(name: str, value: Any) -> str:
    if name in BOOKS:
        return _(BOOKS[name].get(str(value), str(value)))
    said = SAYERS.get(name, _plain)(value)
    return said if len(said) <= LONGEST else said[:LONGEST] + "…"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    said = str(value)
    dated = said[4:5] == "-" and said[10:11] == "T"
    return said[:16].replace("T", " ") if dated else said


def _who(value: str) -> str:
    kind, _colon, _name = value.partition(":")
    return _("你") if kind == "customer" else role_words(kind) if kind != "system" else _("程序")


SAYERS: Mapping[str, Callable[[Any], str]] = {
    "amount_fen": yuan,
    "refunded_fen": yuan,
    "actor": _who,
}
