"""Reading what people filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.tongue import _
from bot.web.desk import DESK
from bot.web.guards import actor_of

Form = Mapping[str, Any]


def text(form: Form, name: str, *, most: int = 400) -> str:
    return str(form.get(name, "")).strip()[:most]


def needed(form: Form, name: str, words: str, *, most: int = 400) -> str:
    """Raises Refusal with these words when nothing was written."""
    said = text(form, name, most=most)
    if not said:
        raise Refusal("missing", words, status=422)
    return said


def number(form: Form, name: str, *, least: int = 0, most: int = 10**9) -> int | None:
    """None when nothing was written. Raises Refusal for anything that is no such number."""
    said = text(form, name)
    if not said:
        return None
    if not said.isdecimal() or not least <= int(said) <= most:
        raise Refusal(
            "bad_number",
            _("「%(said)s」不是 %(least)s 到 %(most)s 的整数", said=said, least=least, most=most),
            status=422,
        )
    return int(said)


def rule(form: Form) -> dict[str, Any]:
    try:
        written = json.loads(text(form, "rule", most=100_000) or "{}")
    except ValueError:
        written = None
    if not isinstance(written, dict):
        raise Refusal("bad_rule", _("规则没有读懂，请刷新页面再试一次"), status=422)
    return written


def moment(form: Form, name: str, zone: ZoneInfo) -> datetime | None:
    """A moment as `datetime-local` sends it, in the shop's zone."""
    said = text(form, name)
    if not said:
        return None
    try:
        return datetime.fromisoformat(said).replace(tzinfo=zone)
    except ValueError:
        raise Refusal("bad_moment", _("「%(said)s」不是一个时间", said=said), status=422) from None


def day(form: Form, name: str) -> date | None:
    """A day as `date` sends it."""
    said = text(form, name)
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise Refusal("bad_day", _("「%(said)s」不是一个日子", said=said), status=422) from None


def signed(request: web.Request, form: Form) -> dict[str, Any]:
    """What every act carries: who, when, and the key that makes a second click the same act."""
    return {
        "actor": actor_of(request),
        "key": needed(form, "key", _("页面放太久了，请刷新后再试一次")),
        "at": request.app[DESK].work.now(),
    }


def page_of(request: web.Request) -> int:
    said = request.query.get("page", "1")
    return max(int(said[:6]), 1) if said.isascii() and said.isdecimal() else 1
