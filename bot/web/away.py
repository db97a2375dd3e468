"""Away to a platform that says who is looking, and back into the very browser that left."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from bot.web.desk import DESK, Desk

SECONDS = 300
"""As long as a code of the platforms is good."""


@dataclass(frozen=True, slots=True)
class Trip:
    cookie: str
    path: str
    """Which of our pages see the cookie."""
    back: str
    """Where the platform sends the browser."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The platform's page that asks who is looking."""

    url: str
    appid: str
    asked: Mapping[str, object]


def leave(request: web.Request, trip: Trip, gate: Gate, *, wanted: str) -> web.HTTPSeeOther:
    """On the way to the platform's page; the state proves afterwards that this browser left."""
    desk, state = request.app[DESK], secrets.token_urlsafe(16)
    # In this order: WeChat's page refuses another one.
    first = {"appid": gate.appid, "redirect_uri": _ours(request, desk) + trip.back}
    asked = urlencode({**first, **gate.asked, "state": state})
    away = web.HTTPSeeOther(f"{gate.url}?{asked}#wechat_redirect")
    away.set_cookie(
        trip.cookie,
        f"{state}|{wanted}",
        max_age=SECONDS,
        path=trip.path,
        httponly=True,
        samesite="Lax",
        secure=desk.work.settings.production,
    )
    return away


def _ours(request: web.Request, desk: Desk) -> str:
    """The public address; where none is set, the one that this browser used."""
    return desk.work.settings.public_url.rstrip("/") or f"{request.scheme}://{request.host}"


def wanted_before(request: web.Request, trip: Trip) -> str:
    """The page that was wanted before leaving; empty in a browser that did not leave with this state."""
    state, _, page = request.cookies.get(trip.cookie, "").partition("|")
    given = request.query.get("state", "")
    same = state and hmac.compare_digest(state.encode(), given.encode())
    return page if same else ""


def forget(trip: Trip, answer: web.StreamResponse) -> None:
    """One state is good for one way back."""
    answer.del_cookie(trip.cookie, path=trip.path)
