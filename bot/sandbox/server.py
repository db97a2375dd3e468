"""Answers API calls over HTTP: path, token, rate, fault, handler, log; HTTP 200 with an errcode."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC
from email.utils import format_datetime
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.answers import Answer, Hangup, json_of, respond
from bot.sandbox.api import Body, Call, Raw, Route, Upload
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.pace import Pace
from bot.sandbox.spoil import FAULTS
from bot.sandbox.stage import Stage
from bot.sandbox.usage import RefusedCalls, use

EXCLUSIVE_SECONDS = 0.002  # how long a write keeps others off the same pair
HERE = "127.0.0.1"
HELP = "https://open.work.weixin.qq.com/devtool/query?e="


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
            return json_of(self.refusal(route, Refuse(47001), None))
        key = fingerprint([call.body, _public(call.query)])
        name = f"{call.method} {call.path}"
        fault = self.stage.faults.pick(name, key, self.stage.now())
        how, _, detail = fault.partition(":")
        spoil = FAULTS.get(how)
        if spoil is None:
            return await self.finish(route, call, fault)
        return await spoil(self, route, call, detail)

    async def finish(self, route: Route, call: Call, fault: str = "") -> web.StreamResponse:
        answer = await self._perform(route, call)
        answer.fault = fault
        self.record(call, answer)
        return respond(answer.body, self.platform)

    async def _perform(self, route: Route, call: Call) -> Answer:
        lock = (route.path, route.exclusive(call)) if route.exclusive else None
        if lock is None:
            return self._decide(route, call)
        if lock in self._busy:
            return Answer(self.refusal(route, Refuse(route.busy), call))
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
            return Answer(self.refusal(route, refusal, call))
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

    def refusal(self, route: Route, refusal: Refuse, call: Call | None) -> Body:
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
