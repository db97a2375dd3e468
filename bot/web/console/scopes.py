"""How far a right reaches: a store's manager sees and sets what belongs to her store."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.domain.segments import Junction, Rule, parse
from bot.web.desk import ACTOR, SCOPE


def own_store(request: web.Request) -> str | None:
    """The store that bounds what may be seen; None when nothing does."""
    if request[SCOPE] == "A":
        return None
    store = request[ACTOR].store
    if request[SCOPE] != "S" or store is None:
        raise Refusal("forbidden", "你的角色不能看这一页", status=403)
    return store


def within(request: web.Request, rule: Rule) -> Rule:
    """A rule, narrowed to the store that the actor belongs to."""
    store = own_store(request)
    return rule if store is None else Junction("", "all", (rule, parse(_of(store))))


def narrowed(request: web.Request, written: dict[str, Any]) -> dict[str, Any]:
    """The same for a rule that will be stored."""
    store = own_store(request)
    return written if store is None else {"all": [written, _of(store)]}


def _of(store: str) -> dict[str, Any]:
    return {"field": "store", "op": "in", "value": [store]}


def is_of_another_store(request: web.Request, rule: dict[str, Any]) -> bool:
    """Whether a stored rule was narrowed to a store that is not the one which bounds this actor."""
    store, parts = own_store(request), rule.get("all", ())
    bounds = [
        part.get("value")
        for part in parts
        if isinstance(part, dict) and (part.get("field"), part.get("op")) == ("store", "in")
    ]
    return store is not None and any(store not in (bound or ()) for bound in bounds)
