"""What people fill in for a tag of an answer: one choice of one question of our games, picked from a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.domain.games import Game, Games
from bot.domain.refusals import Refusal
from bot.domain.tags import Answered
from bot.tongue import _
from bot.web.console import forms

ASKING = ("vote", "quiz")
Choices = dict[str, list[tuple[str, str]]]
"""Game → what a choice is sent as, and what is read."""


def choices(games: Games, live: Answered | None) -> Choices:
    """Of a form that is no game of ours, only what is ruled already."""
    found = {game.name: _of(game) for game in games.of_kind(*ASKING)}
    known = {sent for every in found.values() for sent, _words in every}
    if live is not None and of_rule(live) not in known:
        found[live.form] = [(of_rule(live), f"{live.field} · {live.is_}")]
    return found


def _of(game: Game) -> list[tuple[str, str]]:
    if game.kind == "vote":
        return [(_sent(game.key, "vote", one), f"{game.ask} · {one}") for one in game.choices]
    return [
        (_sent(game.key, asked.field, one), f"{asked.ask} · {one}")
        for asked in game.questions
        for one in asked.choices
    ]


def of_rule(rule: Answered | None) -> str:
    return "" if rule is None else _sent(rule.form, rule.field, rule.is_)


def _sent(form: str, field: str, said: str) -> str:
    return json.dumps([form, field, said], ensure_ascii=False)


def written(form: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as the file would have it. Raises Refusal missing or bad_rule."""
    sent = forms.needed(form, "answer", _("先选一个回答"))
    try:
        asked, field, said = json.loads(sent)
    except (TypeError, ValueError):
        raise Refusal("bad_rule", _("规则没有读懂，请刷新页面再试一次"), status=422) from None
    return {"when": "answer", "form": str(asked), "field": str(field), "is": str(said)}
