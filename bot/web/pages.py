"""Rendering pages: Jinja2 with escaping on, and what every page needs to know."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.tongue import TONGUES, _, tongue
from bot.web.desk import ACTOR, CSRF, DESK
from bot.web.figures import people, written, yuan
from bot.web.theirs import marked, say, say_many, told

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
        finalize=told,
    )
    # One compiled template serves every language: what a sentence becomes is looked up when it is said.
    found.install_gettext_callables(say, say_many, newstyle=True)  # type: ignore[attr-defined]
    found.globals |= {"gettext": say, "ngettext": say_many}
    found.filters["yuan"] = yuan
    found.filters["people"] = people
    return found


def role_words(kind: str) -> str:
    return _(ROLES[kind]) if kind in ROLES else kind


def page(request: web.Request, name: str, *, status: int = 200, **facts: Any) -> web.Response:
    """A rendered template; `now` is local, `moment(x)` writes a moment for people."""
    desk = request.app[DESK]
    zone = desk.work.settings.zone

    def moment(at: datetime | None, form: str = "%m-%d %H:%M") -> str:
        return written(at.astimezone(zone), form) if at else "—"

    known = {
        "actor": request.get(ACTOR),
        "role": role_words(request[ACTOR].kind) if ACTOR in request else "",
        "csrf": request.get(CSRF, ""),
        "key": secrets.token_urlsafe(16),
        "now": desk.work.now().astimezone(zone),
        "demo": desk.in_demo,
        "plays": desk.plays,
        "path": request.path,
        "brand": desk.work.content.brand,
        "moment": moment,
        "tongue": tongue(),
        "tongues": {one: str(request.rel_url.update_query(lang=one)) for one in TONGUES},
        "corp_id": desk.work.settings.wecom_corp_id,
        "agent_id": desk.work.settings.wecom_agent_id or "",
    }
    text = marked(environment().get_template(name).render(**(known | facts)))
    return web.Response(text=text, content_type="text/html", status=status)
