"""What a scripted fault does to one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.answers import Answer, Hangup, respond
from bot.sandbox.api import Call, Route
from bot.sandbox.errors import Refuse

if TYPE_CHECKING:
    from bot.sandbox.server import Desk

Spoil = Callable[["Desk", Route, Call, str], Awaitable[web.StreamResponse]]
BAD_GATEWAY = "<html><body><h1>502 Bad Gateway</h1></body></html>"


async def _errcode(desk: Desk, route: Route, call: Call, code: str) -> web.StreamResponse:
    body = desk.refusal(route, Refuse(int(code), "scripted"), call)
    desk.record(call, Answer(body, fault=f"errcode:{code}"))
    return respond(body, desk.platform)


async def _http(desk: Desk, _route: Route, call: Call, status: str) -> web.StreamResponse:
    desk.record(call, Answer({}, fault=f"http:{status}"), status=int(status))
    return web.Response(status=int(status))


async def _html(desk: Desk, _route: Route, call: Call, _detail: str) -> web.StreamResponse:
    desk.record(call, Answer({}, fault="html_502"), status=502)
    return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")


async def _empty(desk: Desk, _route: Route, call: Call, _detail: str) -> web.StreamResponse:
    desk.record(call, Answer({}, fault="empty_200"))
    return web.Response()


async def _hold(desk: Desk, _route: Route, call: Call, detail: str) -> web.StreamResponse:
    desk.record(call, Answer({}, fault="timeout"), status=0)
    await asyncio.sleep(_patience(desk, detail))
    raise Hangup


async def _reset(desk: Desk, _route: Route, call: Call, _detail: str) -> web.StreamResponse:
    desk.record(call, Answer({}, fault="reset"), status=0)
    raise Hangup


async def _delay(desk: Desk, route: Route, call: Call, detail: str) -> web.StreamResponse:
    await asyncio.sleep(float(detail.rstrip("s") or 1))
    return await desk.finish(route, call, f"delay:{detail}")


async def _apply_then_reset(desk: Desk, route: Route, call: Call, _detail: str) -> Any:
    await desk.finish(route, call, "apply_then_reset")
    raise Hangup


async def _apply_then_hold(desk: Desk, route: Route, call: Call, detail: str) -> Any:
    await desk.finish(route, call, "apply_then_timeout")
    await asyncio.sleep(_patience(desk, detail))
    raise Hangup


async def _truncate(desk: Desk, route: Route, call: Call, detail: str) -> web.StreamResponse:
    whole = await desk.finish(route, call, f"truncate:{detail}")
    body = whole.body if isinstance(whole, web.Response) else b""
    return web.Response(body=bytes(body or b"")[: int(detail or 17)])  # type: ignore[arg-type]


async def _revoke(desk: Desk, route: Route, call: Call, _detail: str) -> web.StreamResponse:
    tokens = desk.stage.world.tokens
    tokens.revoke(tokens.owners.get(call.query.get("access_token", ""), ("", call.now))[0])
    return await desk.finish(route, call, "revoke_token")


def _patience(desk: Desk, detail: str) -> float:
    return float(detail.rstrip("s")) if detail else desk.stage.world.settings.fault_timeout


FAULTS: dict[str, Spoil] = {
    "errcode": _errcode,
    "http": _http,
    "html_502": _html,
    "empty_200": _empty,
    "timeout": _hold,
    "reset": _reset,
    "delay": _delay,
    "apply_then_reset": _apply_then_reset,
    "apply_then_timeout": _apply_then_hold,
    "truncate": _truncate,
    "revoke_token": _revoke,
}
