"""Actors × routes, made of the routes and the matrix: who may not is refused, who may gets past the guard."""

from __future__ import annotations

import os
import re
from functools import cache

import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import make_mocked_request

from bot.domain.permissions import scope
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.inbound.commands import matrix
from bot.store import access
from bot.web import guards, server
from bot.web.desk import ACTOR, SCOPE
from bot.web.guards import COOKIE

ROLES = (
    "owner",
    "admin",
    "operator",
    "care",
    "auditor",
    "manager",
    "clerk",
    "guide",
    "customer",
    "integration",
)
OPEN = {
    "/callback/wecom": "believed by its signature",
    "/callback/official": "believed by its signature",
    "/api/v1/orders": "believed by its signature",
    "/api/openapi.json": "asks for any key in production",
    "/healthz": "says up or down",
    "/readyz": "says up or down",
    "/metrics": "asks for a key in production",
    "/l/{token}": "a link in a message",
    "/store": "leads to the till",
    "/h5": "asks who is looking",
    "/h5/enter": "asks who is looking",
    "/h5/points": "asks who is looking",
    "/h5/activities": "asks who is looking",
    "/h5/contests/{key:[a-z][a-z0-9-]{0,30}}": "asks who is looking",
    "/h5/games/{key:[a-z][a-z0-9-]{0,30}}": "asks who is looking",
    r"/h5/games/{key:[a-z][a-z0-9-]{0,30}}/draws/{round:\d{4}-W\d\d}": "a draw's proof is anybody's",
    r"/h5/games/{key:[a-z][a-z0-9-]{0,30}}/draws/{round:\d{4}-W\d\d}/tickets.txt": "a draw's proof is anybody's",
    r"/h5/teams/{team:\d{1,18}}": "asks who is looking",
    "/h5/preferences": "asks who is looking",
    "/h5/notices": "asks who is looking",
    "/h5/data": "asks who is looking",
    "/h5/data/all": "asks who is looking",
    "/h5/cases": "asks who is looking",
    "/h5/share": "asks who is looking",
    "/h5/contact": "a brand's page",
    "/store/device/{token}": "pairs a till, by a link that is good once",
    "/store/pin": "lets in",
    "/login": "lets in",
    "/login/first": "lets the first owner in, by a key of the terminal",
    "/logout": "lets out",
    "/login/wecom": "lets in",
    "/login/wecom/back": "lets in",
}
"""Routes that ask for no right, and why; the sandbox's are gone in production."""


EVERY_CELL = "SIYU_EVERY_CELL" in os.environ
"""`make storm` asks for every refused cell over the wire; it takes half a minute."""


def of(route: web.AbstractRouteDef) -> str:
    return f"{route.method} {route.path}"


ROUTES = [route for table in server.TABLES for route in table if isinstance(route, web.RouteDef)]
GUARDED = {of(route): route for route in ROUTES if route.handler in guards.RIGHTS}


def may(route: web.RouteDef, role: str) -> bool:
    reach = scope(matrix(), guards.RIGHTS[route.handler], role)
    return reach is not None


def test_every_route_has_a_row_and_every_row_is_known():
    strangers = {
        route.path
        for route in ROUTES
        if route.handler not in guards.RIGHTS and not route.path.startswith("/sandbox")
    }
    assert strangers - {"/api/v1/orders"} <= set(OPEN), "a route without @allowed"
    assert set(guards.RIGHTS.values()) <= set(matrix()), "a right without a row"
    assert {cell for row in matrix().values() for cell in row.values()} <= {
        *"ASO",
        "A2",
        "S2",
        "Ap",
    }
    assert {role for row in matrix().values() for role in row} <= {*ROLES, "system"}


async def test_every_cell_is_as_the_matrix_says():
    """No server, no database: what the guard lets through looks for the desk and finds none."""
    wrong = [
        (name, role)
        for name, route in GUARDED.items()
        for role in ROLES
        if await refused(route, role) is may(route, role)
    ]
    assert wrong == []


@cache
def asked(method: str) -> web.Request:
    """Made once: a mocked request takes longer than a guard."""
    return make_mocked_request(method, "/x")


async def refused(route: web.RouteDef, role: str) -> bool:
    request = asked(route.method)
    request.pop(SCOPE, None)
    request[ACTOR] = Actor(kind=role, id="somebody", store="S01")
    try:
        answer = await route.handler(request)
    except (KeyError, web.HTTPError):
        return False  # past the guard
    except Refusal as refusal:
        return refusal.reason in {"forbidden", "scope"} and request.get(SCOPE) != "O"
    return answer.status in {401, 403}


PLACE = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")


def address(path: str) -> str:
    """The path with something in each of its places that the router takes."""

    def fill(place: re.Match[str]) -> str:
        pattern = place[2] or "[^/]+"
        tried = ("7", "k", "k/k", *pattern.split("|"))
        return next(one for one in tried if re.fullmatch(pattern, one))

    return PLACE.sub(fill, path)


@pytest.fixture
async def doors(bot, shop):
    """One session and one key for every role."""
    cookies, keys = {}, {}
    async with bot.session() as session:
        for role in ROLES:
            actor = Actor(kind=role, id=f"a {role}", store="S01")
            cookies[role] = await access.open_session(
                session, actor, now=bot.now, good_for=guards.SIGNED_IN
            )
            keys[role] = f"key of {role}".replace(" ", "-")
            await access.add_key(
                session,
                token=keys[role],
                role=role,
                scope="*:write key:write webhook:write",
                store="S01",
                name=role,
                now=bot.now,
            )

    def knocks(route: web.RouteDef, role: str) -> dict[str, str]:
        if route.path.startswith("/api/"):
            return {hdrs.AUTHORIZATION: f"Bearer {keys[role]}"}
        cookie, csrf = cookies[role]
        return {hdrs.COOKIE: f"{COOKIE}={cookie}", "X-CSRF-Token": csrf}

    return knocks


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_who_may_not_is_refused_by_the_server(shop, doors):
    """Over a real connection: everybody without a name, and by turns one of those whom the matrix refuses."""
    client, wrong = shop.passer_by().client, []
    for turn, (name, route) in enumerate(GUARDED.items()):
        where = address(route.path)
        answer = await client.request(route.method, where, allow_redirects=False)
        if answer.status not in ({401} if where.startswith("/api/") else {303}):
            wrong.append((name, "nobody", answer.status))
        others = [role for role in ROLES if not may(route, role)]
        for role in others if EVERY_CELL else others[turn % len(others) :][:1]:
            answer = await client.request(
                route.method, where, headers=doors(route, role), allow_redirects=False
            )
            if answer.status != 403:
                wrong.append((name, role, answer.status))
    assert wrong == []
