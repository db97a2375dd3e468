"""Rendering pages: Jinja2 with escaping on, and what every page needs to know."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.tongue import _, catalogue, tongue
from bot.web.desk import ACTOR, CSRF, DESK

HOME = Path(__file__).parent
ROLES = {
    "owner": "店主",
    "admin": "管理员",
    "operator": "运营",
    "care": "客服主管",
    "auditor": "只看",
    "manager": "店长",
    "clerk": "收银员",
    "guide": "导购",
    "customer": "顾客",
}


@cache
def environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # One compiled template serves every language: what a sentence becomes is looked up when it is said.
    found.install_gettext_callables(  # type: ignore[attr-defined]
        _,
        lambda one, more, count: catalogue(tongue()).ngettext(one, more, count),
        newstyle=True,
    )
    found.filters["yuan"] = yuan
    found.filters["people"] = people
    return found


def yuan(fen: int | float) -> str:
    """¥1,234 or ¥1,234.50."""
    whole = fen / 100
    return f"¥{whole:,.0f}" if float(whole).is_integer() else f"¥{whole:,.2f}"


def people(count: int) -> str:
    return f"{count:,} 人"


def page(request: web.Request, name: str, *, status: int = 200, **facts: Any) -> web.Response:
    """A rendered template; `now` is local, `moment(x)` writes a moment for people."""
    desk = request.app[DESK]
    zone = desk.work.settings.zone

    def moment(at: datetime | None, form: str = "%m-%d %H:%M") -> str:
        return at.astimezone(zone).strftime(form) if at else "—"

    known = {
        "actor": request.get(ACTOR),
        "role": ROLES.get(request[ACTOR].kind, "") if ACTOR in request else "",
        "csrf": request.get(CSRF, ""),
        "key": secrets.token_urlsafe(16),
        "now": desk.work.now().astimezone(zone),
        "demo": desk.in_demo,
        "plays": desk.plays,
        "path": request.path,
        "brand": desk.work.content.brand,
        "moment": moment,
        "tongue": tongue(),
    }
    text = environment().get_template(name).render(**(known | facts))
    return web.Response(text=text, content_type="text/html", status=status)
