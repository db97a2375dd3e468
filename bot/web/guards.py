"""Who is asking, and may they: sessions, CSRF, permissions and the headers every answer carries."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.domain.permissions import opens, scope
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.inbound.commands import matrix
from bot.store import access
from bot.tongue import TONGUES, _, speaking
from bot.web import refusing
from bot.web.api.problems import of_http, problem
from bot.web.desk import ACTOR, CSRF, DESK, KEY, SCOPE, Desk
from bot.web.pages import page

COOKIE = "siyu"
TILL_COOKIE = "siyu_till"
"""Says which paired till this is; without its PIN it opens nothing."""
SIGNED_IN = timedelta(hours=12)
GUIDE_SIGNED_IN = timedelta(hours=8)
ALONE = timedelta(minutes=30)
"""How long the console stays open with nobody at it; tills, guides and customers have their own day."""
AT_A_DESK = frozenset({"owner", "admin", "operator", "care", "auditor", "manager"})
BESIDE = 5
"""Browsers that one person may be signed in with at once; a sixth ends the oldest."""
SEEN = timedelta(minutes=1)
"""How exactly we know when somebody was last here."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
TILL = "pos"
"""The scope of a shop system's till: what the role `integration` may, and nothing else."""

TONGUE = "lang"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RIGHTS: dict[Handler, str] = {}
"""Which right each guarded handler asks for; the grid of tests walks it."""


def allowed(permission: str, *, writes: bool | None = None) -> Callable[[Handler], Handler]:
    """Only for actors whose role has this right; `request[SCOPE]` says how far it reaches.

    `writes` says what a key's scope must allow; unless said, an unsafe method writes.
    """

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            actor = request.get(ACTOR)
            if actor is None:
                return _who_are_you(request)
            reach = scope(matrix(), permission, actor.kind)
            if reach is None:
                raise Refusal("forbidden", "你的角色不能看这一页或做这件事", status=403)
            changes = request.method not in SAFE if writes is None else writes
            scopes: tuple[str, ...] | None = request.get(KEY)
            if scopes is not None and not opens(scopes, permission, writes=changes):
                raise Refusal("scope", "这把密钥的范围里没有这件事", status=403)
            request[SCOPE] = reach
            return await handler(request)

        guarded.__name__ = getattr(handler, "__name__", "guarded")
        RIGHTS[guarded] = permission
        return guarded

    return guard


def actor_of(request: web.Request) -> Actor:
    return request[ACTOR]


def is_api(request: web.Request) -> bool:
    return request.path.startswith("/api/")


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer in the language that `?lang=` asked for, now and from now on."""
    asked = request.query.get(TONGUE)
    with speaking(asked or request.cookies.get(TONGUE, "zh")):
        answer = await handler(request)
        if asked in TONGUES:
            answer.set_cookie(TONGUE, asked, httponly=True, samesite="Lax")
        return answer


@web.middleware
async def recognise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the actor on the request: by session for people, by key for programs."""
    desk = request.app[DESK]
    if is_api(request) or request.path == "/metrics":
        await _by_key(request, desk)
    elif (cookie := request.cookies.get(COOKIE)) is not None:
        async with desk.work.sessions.reading() as session:
            found = await access.session_of(session, cookie, desk.work.now())
        if found is not None:
            if found.seen_at + SEEN <= desk.work.now():
                async with desk.work.sessions.begin() as session:
                    await access.was_here(session, cookie, desk.work.now())
            request[ACTOR] = Actor(kind=found.actor_kind, id=found.actor_id, store=found.store)
            request[CSRF] = found.csrf
    return await handler(request)


async def _by_key(request: web.Request, desk: Desk) -> None:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        return
    async with desk.work.sessions.reading() as session:
        key = await access.key_of(session, token)
    if key is not None:
        request[ACTOR] = Actor(kind=key.role, id=f"key:{key.name}", store=key.store)
        if key.scope != TILL:
            request[KEY] = tuple(key.scope.split())


def from_here(request: web.Request) -> None:
    """Raises Refusal cross_site for what another site's page sends."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refusal("cross_site", _("请求不是从本站页面发出的"), status=403)


@web.middleware
async def same_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """An unsafe request of a session must come from our own pages and carry the session's token."""
    # The sandbox asks nobody to sign in and looks at the origin by itself; its tab outlives other tabs' sessions.
    free = request.method in SAFE or request.path.startswith("/sandbox/")
    if free or CSRF not in request:
        return await handler(request)
    from_here(request)
    given = request.headers.get("X-CSRF-Token") or str((await request.post()).get("csrf", ""))
    if not hmac.compare_digest(given.encode(errors="replace"), request[CSRF].encode()):
        raise Refusal("stale_page", "页面放太久了，请刷新后再试一次", status=403)
    return await handler(request)


@web.middleware
async def tell_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A rule's no, as a page or as problem+json; programs are told of unknown addresses the same way."""
    try:
        return await handler(request)
    except Refusal as refusal:
        await refusing.note(request, refusal)
        return _refused(request, refusal)
    except web.HTTPError as answered:
        if is_api(request):
            return of_http(answered)
        if not isinstance(answered, web.HTTPNotFound) or not _reads_pages(request):
            raise
        words = _("没有这一页，地址可能少抄了一截")
        return _refused(request, Refusal("no_such_page", words, status=404))


def _reads_pages(request: web.Request) -> bool:
    return "text/html" in request.headers.get("Accept", "")


async def protect(_request: web.Request, answer: web.StreamResponse) -> None:
    """Our headers on every answer, of the framework's own and of a file that is written bit by bit too."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    if is_api(request):
        return problem(refusal.status, refusal.reason, refusal.words, **refusal.facts)
    answer = page(
        request,
        "refused.html",
        status=refusal.status,
        reason=refusal.reason,
        words=refusal.words,
        waits=refusal.status == 202,
    )
    if "retry_after" in refusal.facts:
        answer.headers["Retry-After"] = str(refusal.facts["retry_after"])
    return answer


def _who_are_you(request: web.Request) -> web.StreamResponse:
    if is_api(request):
        return problem(401, "unauthenticated", "缺少或不认识的 API 密钥")
    if request.path.startswith("/store") and TILL_COOKIE in request.cookies:
        raise web.HTTPSeeOther("/store/pin")
    raise web.HTTPSeeOther(f"/login?next={quote(request.path_qs, safe='/')}")


async def sign_in(request: web.Request, actor: Actor, response: web.StreamResponse) -> None:
    """A new session for this actor, in place of the one that this browser had; the cookie goes on the response."""
    desk = request.app[DESK]
    good_for = GUIDE_SIGNED_IN if actor.kind == "guide" else SIGNED_IN
    # Where the clock is a sandbox's, an hour passes at a tap.
    idle = ALONE if actor.kind in AT_A_DESK and not desk.plays else good_for
    async with desk.work.sessions.begin() as session:
        await access.close_session(session, request.cookies.get(COOKIE, ""))
        cookie, _ = await access.open_session(
            session,
            actor,
            now=desk.work.now(),
            good_for=good_for,
            idle=idle,
            most=None if desk.plays else BESIDE,
        )
    response.set_cookie(
        COOKIE, cookie, httponly=True, samesite="Lax", secure=desk.work.settings.production
    )
