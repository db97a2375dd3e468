"""Where the platforms call: read, believe, keep, and only then answer."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.events import Event, FanEvent, FanFollowed, FanLeft, FanMessaged, MenuClicked, QrScanned
from bot.inbound.turn import Reply
from bot.platforms.envelope import Untrusted
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.official.replies import seal_reply, text_reply
from bot.platforms.opened import Opened
from bot.platforms.query import plainly
from bot.platforms.wecom.callback import WecomCallbacks
from bot.store.inbox import Arrival
from bot.web import metrics
from bot.web.accounts import official_account
from bot.web.desk import DESK, Desk
from bot.web.doubts import DOUBTS, doubted
from bot.web.flood import FLOOD, address_of

LARGEST_BODY = 256 * 1024
ANSWER_SECONDS = 3.0
"""Fans see an error after 5 s; whatever takes longer is answered by message instead."""
ANSWERED: tuple[type[Event], ...] = (FanMessaged, MenuClicked, QrScanned, FanFollowed)

Door = WecomCallbacks | OfficialCallbacks

_RECEIVED = {source: metrics.RECEIVED.labels(source) for source in ("wecom", "official")}

routes = web.RouteTableDef()


def refused() -> web.Response:
    """The one refusal: its bytes never depend on which check failed."""
    return web.Response(status=403, text="forbidden")


async def body_of(request: web.Request) -> bytes:
    """The body, at most 256 KB; streamed, unless its length is told."""
    if request.content_length is not None and request.content_length <= LARGEST_BODY:
        return await request.read()
    read = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        read += chunk
        if len(read) > LARGEST_BODY:
            raise Untrusted("too large")
    return bytes(read)


@routes.get("/callback/wecom", allow_head=False)
async def verify_wecom(request: web.Request) -> web.Response:
    return await _verified(request, request.app[DESK].wecom, "wecom")


@routes.post("/callback/wecom")
async def receive_wecom(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    opened = await _opened(request, desk.wecom, "wecom")
    if opened is None:
        return refused()
    await desk.intake.keep(Arrival("wecom", opened.plain))
    return web.Response()


@routes.get("/callback/official", allow_head=False)
async def verify_official(request: web.Request) -> web.Response:
    return await _verified(request, request.app[DESK].official, "official")


@routes.post("/callback/official")
async def receive_official(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    opened = await _opened(request, desk.official, "official")
    if opened is None:
        return refused()
    arrival, event = Arrival("official", opened.plain), opened.event
    if not isinstance(event, ANSWERED):
        await desk.intake.keep(arrival)
        return web.Response(text="success")
    with desk.dispatcher.awaiting(arrival):
        if await desk.intake.keep(arrival):
            reply = await _passive(desk, event, arrival)
            return _written(desk, event, reply, sealed=opened.sealed)
    return web.Response(text="success")


async def _verified(request: web.Request, door: Door | None, source: str) -> web.Response:
    if door is None or _shut_out(request, source):
        return refused()
    try:
        return web.Response(text=door.verify(request.query))
    except Untrusted as doubt:
        await doubted(request, source, doubt)
        return refused()


def _shut_out(request: web.Request, source: str) -> bool:
    shut = request.app[FLOOD].shuts_out(address_of(request))
    if shut:
        metrics.REFUSED.labels(source, "flood").inc()
    return shut


async def _opened(request: web.Request, door: Door | None, source: str) -> Opened | None:
    """None for whatever is not to be believed, and where nobody listens."""
    if door is None or _shut_out(request, source):
        return None
    try:
        query = plainly(request.rel_url.raw_query_string) or request.query
        opened = door.open(query, await body_of(request))
    except Untrusted as doubt:
        metrics.REFUSED.labels(source, doubt.reason).inc()
        await doubted(request, source, doubt)
        return None
    _RECEIVED[source].inc()
    request.app[DOUBTS].believe(source, request.app[DESK].work.now())
    request.app[FLOOD].believe(address_of(request))
    return opened


async def _passive(desk: Desk, event: Event, arrival: Arrival) -> Reply | None:
    # Shielded: the platform hangs up after 5 s, and a half-handled message would be worse than a late one.
    gone = asyncio.Event()
    answering = asyncio.ensure_future(_answered(desk, event, arrival, gone))
    try:
        return await asyncio.wait_for(asyncio.shield(answering), ANSWER_SECONDS)
    except TimeoutError:
        gone.set()
        return None


async def _answered(
    desk: Desk, event: Event, arrival: Arrival, gone: asyncio.Event
) -> Reply | None:
    with desk.dispatcher.awaiting(arrival):
        reply = await desk.answer_now(arrival)
    if reply is not None and gone.is_set():
        await desk.say_later(event, reply, arrival.digest)
    return reply


def _written(desk: Desk, event: Event, reply: Reply | None, *, sealed: bool) -> web.Response:
    if reply is None or not isinstance(event, FanEvent) or isinstance(event, FanLeft):
        return web.Response(text="success")
    now = desk.work.now()
    written = text_reply(event, reply.text, now)
    if sealed:
        written = seal_reply(written, official_account(desk.work.settings), now)
    return web.Response(text=written, content_type="application/xml")
