"""Answers API calls over HTTP: path, token, rate, fault, handler, log; HTTP 200 with an errcode."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.api import Body, Call, Raw, Route, Upload
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.pace import Pace
from bot.sandbox.stage import Stage
from bot.sandbox.usage import RefusedCalls, use

EXCLUSIVE_SECONDS = 0.002  # how long a write keeps others off the same pair
HERE = "127.0.0.1"
HELP = "https://open.work.weixin.qq.com/devtool/query?e="


class Hangup(Exception):
    """The connection is cut instead of answered."""


@dataclass
class Answer:
    body: Body | Raw
    applied: bool = False
    fault: str = ""

    @property
    def errcode(self) -> int:
        return int(self.body.get("errcode", 0)) if isinstance(self.body, dict) else 0


class Desk:
    """One platform's API: its routes, and how it words a refusal."""

    def __init__(self, stage: Stage, platform: str, table: dict[str, Route]) -> None:
        self.stage, self.platform, self.table = stage, platform, table
        self._busy: set[tuple[str, str]] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Dated by the sandbox's clock: clients learn from it how far theirs is off."""
        response = await self._route(request)
        response.headers["Date"] = format_datetime(self.stage.now().astimezone(UTC), usegmt=True)
        return response

    async def _route(self, request: web.Request) -> web.StreamResponse:
        folder = request.path.rpartition("/")[0] + "/*"
        route = self.table.get(request.path) or self.table.get(folder)
        if route is None:
            self._log_unknown(request)
            return web.Response(status=404)
        call = await read_call(request, self.stage)
        try:
            return await self._serve(route, call)
        except Hangup:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=499)

    async def _serve(self, route: Route, call: Call | None) -> web.StreamResponse:
        if call is None:
            return _json(self._refusal(route, Refuse(47001), None))
        key = fingerprint([call.body, _public(call.query)])
        name = f"{call.method} {call.path}"
        fault = self.stage.faults.pick(name, key, self.stage.now())
        how, _, detail = fault.partition(":")
        spoil = FAULTS.get(how)
        if spoil is None:
            return await self._finish(route, call, fault)
        return await spoil(self, route, call, detail)

    async def _finish(self, route: Route, call: Call, fault: str = "") -> web.StreamResponse:
        answer = await self._perform(route, call)
        answer.fault = fault
        self.record(call, answer)
        return respond(answer.body, self.platform)

    async def _perform(self, route: Route, call: Call) -> Answer:
        lock = (route.path, route.exclusive(call)) if route.exclusive else None
        if lock is None:
            return self._decide(route, call)
        if lock in self._busy:
            return Answer(self._refusal(route, Refuse(route.busy), call))
        self._busy.add(lock)
        try:
            answer = self._decide(route, call)
            await asyncio.sleep(EXCLUSIVE_SECONDS)
            return answer
        finally:
            self._busy.discard(lock)

    def _decide(self, route: Route, call: Call) -> Answer:
        try:
            if route.method not in ("*", call.method):
                raise Refuse(43001 if route.method == "GET" else 43002)
            if route.needs_token:
                call.app = self._token_owner(call)
                pace, settings = self.stage.world.room(Pace), self.stage.world.settings
                pace.spend(f"{self.platform} {call.path}", call.stamp, settings)
                use(self.stage.world, self.platform, call.path, call.now)
            result = route.handler(self.stage, call)
        except Refuse as refusal:
            return Answer(self._refusal(route, refusal, call))
        if isinstance(result, Raw):
            return Answer(result, applied=True)
        bare = route.bare or (self.platform == "official" and not route.needs_token)
        ok = {} if bare else {"errcode": 0, "errmsg": "ok"}
        return Answer({**ok, **(result or {})}, applied=True)

    def _token_owner(self, call: Call) -> str:
        token = call.query.get("access_token", "")
        if not token:
            raise Refuse(41001)
        owner, until = self.stage.world.tokens.owners.get(token, ("", call.now))
        if not owner.startswith(self.platform):
            raise Refuse(40014 if self.platform == "wecom" else 40001)
        if until <= call.now:
            raise Refuse(42001)
        return owner

    def _refusal(self, route: Route, refusal: Refuse, call: Call | None) -> Body:
        """Worded as the platforms do: with a trace that a developer can look up."""
        code, trace = refusal.errcode, self.stage.world.names.hex(24, "trace", refusal.errcode)
        if self.platform == "wecom":
            hint = f"hint: [{self.stage.clock.timestamp()}_{trace}], from ip: {HERE}"
            tail = f", {hint}, more info at {HELP}{code}"
            return {"errcode": code, "errmsg": refusal.errmsg + tail, **route.empty}
        rid = "-".join((trace[:8], trace[8:16], trace[16:]))
        body = {"errcode": code, "errmsg": f"{refusal.errmsg} rid: {rid}"}
        body |= {**route.empty, **refusal.more}
        if call is not None:
            self._remember(rid, call, body)
        return body

    def _remember(self, rid: str, call: Call, body: Body) -> None:
        row = {
            "invoke_time": call.stamp,
            "cost_in_ms": 1,
            "request_url": urlencode(_public(call.query)),
            "request_body": json.dumps(_public(call.body), ensure_ascii=False),
            "response_body": json.dumps(body, ensure_ascii=False),
            "client_ip": HERE,
        }
        self.stage.world.room(RefusedCalls).keep(rid, row)

    def record(self, call: Call, answer: Answer, *, status: int = 200) -> None:
        is_json = isinstance(answer.body, dict)
        self.stage.log.write(
            "api",
            platform=self.platform,
            method=call.method,
            path=call.path,
            query=_public(call.query),
            request=_public(call.body),
            status=status,
            errcode=answer.errcode,
            response=answer.body if is_json else "(binary)",
            applied=answer.applied,
            **({"fault": answer.fault} if answer.fault else {}),
            **call.notes,
        )

    def _log_unknown(self, request: web.Request) -> None:
        call = Call(request.method, request.path, dict(request.query), {}, self.stage.now())
        self.record(call, Answer({}), status=404)


SECRETS = ("access_token", "corpsecret", "secret", "appsecret")


def _public(fields: Body) -> Body:
    return {name: value for name, value in fields.items() if name not in SECRETS}


async def read_call(request: web.Request, stage: Stage) -> Call | None:
    """None when the body is not a JSON object."""
    call = Call(request.method, request.path, dict(request.query), {}, stage.now())
    call.range = request.headers.get("Range", "")
    if request.content_type == "multipart/form-data":
        await _read_parts(request, call)
        return call
    raw = await request.read()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    call.body = body
    return call


async def _read_parts(request: web.Request, call: Call) -> None:
    async for part in await request.multipart():
        content = bytes(await part.read())  # type: ignore[union-attr]
        filename = getattr(part, "filename", None)
        name = getattr(part, "name", None) or ""
        if filename:
            call.uploads.append(Upload(name, filename, content))
        else:
            call.body[name] = content.decode(errors="replace")


def _json(body: Body) -> web.Response:
    return web.json_response(body, dumps=lambda value: json.dumps(value, ensure_ascii=False))


def respond(body: Body | Raw, platform: str) -> web.Response:
    if isinstance(body, Raw):
        return web.Response(
            body=body.content,
            status=body.status,
            headers={"Content-Type": body.content_type, **body.headers},
        )
    response = _json(body)
    if platform == "official":
        response.content_type = "text/plain"  # the real one often does: clients must not care
    return response


Spoil = Callable[[Desk, Route, Call, str], Awaitable[web.StreamResponse]]
BAD_GATEWAY = "<html><body><h1>502 Bad Gateway</h1></body></html>"


async def _errcode(desk: Desk, route: Route, call: Call, code: str) -> web.StreamResponse:
    body = desk._refusal(route, Refuse(int(code), "scripted"), call)
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
    return await desk._finish(route, call, f"delay:{detail}")


async def _apply_then_reset(desk: Desk, route: Route, call: Call, _detail: str) -> Any:
    await desk._finish(route, call, "apply_then_reset")
    raise Hangup


async def _apply_then_hold(desk: Desk, route: Route, call: Call, detail: str) -> Any:
    await desk._finish(route, call, "apply_then_timeout")
    await asyncio.sleep(_patience(desk, detail))
    raise Hangup


async def _truncate(desk: Desk, route: Route, call: Call, detail: str) -> web.StreamResponse:
    whole = await desk._finish(route, call, f"truncate:{detail}")
    body = whole.body if isinstance(whole, web.Response) else b""
    return web.Response(body=bytes(body or b"")[: int(detail or 17)])  # type: ignore[arg-type]


async def _revoke(desk: Desk, route: Route, call: Call, _detail: str) -> web.StreamResponse:
    tokens = desk.stage.world.tokens
    tokens.revoke(tokens.owners.get(call.query.get("access_token", ""), ("", call.now))[0])
    return await desk._finish(route, call, "revoke_token")


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
