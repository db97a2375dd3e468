"""What people type into forms, as plain text, and the key that a form carries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from multidict import MultiDictProxy

from bot.domain.refusals import Refusal
from bot.web.desk import Desk

LONGEST = 4000


def typed(form: MultiDictProxy[Any], name: str) -> str:
    """One field, trimmed; a file or nothing is the empty text."""
    value = form.get(name, "")
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").replace("\r\n", "\n").strip()[:LONGEST]


def all_typed(form: MultiDictProxy[Any], name: str) -> list[str]:
    return [v.strip() for v in form.getall(name, []) if isinstance(v, str) and v.strip()]


def key_in(form: MultiDictProxy[Any]) -> str:
    """The idempotency key that the page put into its form."""
    key = typed(form, "key")
    if not key or len(key) > 200:
        raise Refusal("stale_page", "页面放太久了，请刷新后再试一次", status=400)
    return key


def midnight(desk: Desk) -> datetime:
    """When today began, for people."""
    local = desk.work.now().astimezone(desk.work.settings.zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
