"""The control API: clock, acts, faults, state, log. Not part of any platform."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Protocol

import aiohttp
from aiohttp import web
from pydantic import ValidationError

from bot.sandbox.acts.catalog import ACTS
from bot.sandbox.acts.kinds import ActRefused
from bot.sandbox.api import Route
from bot.sandbox.clock import parse_moment
from bot.sandbox.errors import Refuse
from bot.sandbox.faults import Script
from bot.sandbox.mistakes import unplaced
from bot.sandbox.openapi import openapi
from bot.sandbox.stage import Stage
from bot.sandbox.timeline import Timeline
from bot.sandbox.views import customer_view, guide_view, world_view

PREFIX = "/__sandbox__"
CLICKS = ("click_card", "click_menu", "click_app_menu")
"""Here `key` is the button, and every click counts."""
LOG_WINDOW = (("after", "0"), ("limit", "1000000000"))


class Host(Protocol):
    """What the control API needs of the running sandbox."""

    stage: Stage

    def reset(self) -> None: ...

    def set_faults(self, script: Script) -> None: ...

    def tables(self) -> dict[str, tuple[str, dict[str, Route]]]: ...


class Control:
    def __init__(self, sandbox: Host, timeline: Timeline) -> None:
        self._sandbox, self._timeline = sandbox, timeline
        self._done: dict[str, dict[str, Any]] = {}  # results of acts by their idempotency key

    def mount(self, app: web.Application) -> None:
        add = app.router.add_route
        add("GET", PREFIX + "/clock", self.read_clock)
        add("POST", PREFIX + "/clock", self.clock)
        add("POST", PREFIX + "/act", self.act)
        add("GET", PREFIX + "/faults", self.read_faults)
        add("POST", PREFIX + "/faults", self.faults)
        add("POST", PREFIX + "/reset", self.reset)
        add("GET", PREFIX + "/state", self.state)
        add("GET", PREFIX + "/log", self.log)
        add("GET", PREFIX + "/openapi.json", self.describe)

    async def read_clock(self, _request: web.Request) -> web.Response:
        return web.json_response(self._timeline.report([]))

    async def clock(self, request: web.Request) -> web.Response:
        wish = await _object(request)
        try:
            applied = await self._move(wish)
        except (ValueError, TypeError) as error:
            raise web.HTTPBadRequest(
                text=f"not a moment or a number of seconds: {error}"
            ) from None
        return web.json_response(self._timeline.report(applied))

    async def _move(self, wish: dict[str, Any]) -> list[str]:
        stage, applied = self._sandbox.stage, list[str]()
        if "advance" in wish:
            until = stage.now() + timedelta(seconds=float(wish["advance"]))
            applied = await self._timeline.advance(until)
        elif "to" in wish:
            applied = await self._timeline.advance(parse_moment(wish["to"]))
        elif "step" in wish:
            until_text = (wish["step"] or {}).get("until")
            applied = await self._timeline.step(parse_moment(until_text) if until_text else None)
        elif wish.get("reset"):
            stage.clock.reset()
        if "running" in wish:
            stage.clock.run(running=bool(wish["running"]))
        return applied

    async def act(self, request: web.Request) -> web.Response:
        body = await _object(request)
        acts = body.get("acts", [body])
        results = [await self._one(act) for act in acts]
        await self._sandbox.stage.courier.settled()
        return web.json_response({"results": results})

    async def _one(self, act: dict[str, Any]) -> dict[str, Any]:
        key = act.get("key", "")
        idempotent = key and act.get("act") not in CLICKS
        if idempotent and key in self._done:
            return self._done[key]
        result = await self._now_or_later(act)
        if idempotent:
            self._done[key] = result
        return result

    async def _now_or_later(self, act: dict[str, Any]) -> dict[str, Any]:
        stage = self._sandbox.stage
        if act.get("act") not in ACTS:
            return {"ok": False, "error": _unknown(str(act.get("act")))}
        at = parse_moment(act["at"]) if act.get("at") else None
        if at and at > stage.now():
            stage.agenda.plan(at, f"{act['act']}", lambda: perform(self._sandbox, act))
            return {"ok": True, "planned": at.isoformat()}
        result = perform(self._sandbox, act)
        return result if isinstance(result, dict) else await result

    async def read_faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._sandbox.stage.faults.script.model_dump(by_alias=True))

    async def faults(self, request: web.Request) -> web.Response:
        try:
            script = Script.model_validate(await _object(request))
        except ValidationError as error:
            why = str(unplaced("faults", Script, error))
            return web.json_response({"ok": False, "error": why}, status=422)
        self._sandbox.set_faults(script)
        return web.json_response({"ok": True, "faults": len(script.faults)})

    async def reset(self, _request: web.Request) -> web.Response:
        self._sandbox.reset()
        self._done.clear()
        self._sandbox.stage.log.write("act", act="reset", result={"ok": True})
        return web.json_response(self._timeline.report([]))

    async def state(self, request: web.Request) -> web.Response:
        world = self._sandbox.stage.world
        query = request.query
        if "customer" in query:
            found = world.customers.get(query["customer"]) or world.by_external.get(
                query["customer"]
            )
            view = customer_view(world, found, full=True) if found else None
        elif "guide" in query:
            guide = world.guides.get(query["guide"])
            view = guide_view(world, guide, full=True) if guide else None
        else:
            view = world_view(self._sandbox.stage) | {"clock": self._timeline.report([])}
        if view is None:
            return web.json_response({"error": "unknown"}, status=404)
        return web.json_response(view)

    async def log(self, request: web.Request) -> web.Response:
        try:
            after, limit = (int(request.query.get(name, d)) for name, d in LOG_WINDOW)
        except ValueError:
            raise web.HTTPBadRequest(text="after and limit are numbers") from None
        side = request.query.get("side", "")
        lines = self._sandbox.stage.log.lines(after=after, limit=max(limit, 0), side=side)
        text = "".join(line + "\n" for line in lines)
        return web.Response(text=text, content_type="application/x-ndjson")

    async def describe(self, _request: web.Request) -> web.Response:
        return web.json_response(openapi(self._sandbox.tables()))


def _unknown(name: str) -> str:
    near = get_close_matches(name, ACTS, n=1)
    meant = f", did you mean {near[0]}" if near else ""
    return f"unknown act {name!r}{meant}; GET {PREFIX}/openapi.json lists them under x-acts"


def perform(sandbox: Host, act: dict[str, Any]) -> Any:
    """Does one act and logs it; a refusal of the platform is a result, not an error."""
    stage = sandbox.stage
    args = {name: value for name, value in act.items() if name not in ("act", "at")}
    try:
        result = ACTS[act["act"]](stage, args)
    except UNDOABLE as error:
        result = _refused(error)
    if inspect.isawaitable(result):
        return _later_result(stage, act["act"], args, result)
    return _done(stage, act["act"], args, result)


UNDOABLE = (ActRefused, Refuse, KeyError, ValueError, TypeError)


def _refused(error: Exception) -> dict[str, Any]:
    if isinstance(error, KeyError):
        return {"ok": False, "error": f"the act needs {error}"}
    return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def _done(stage: Stage, name: str, args: dict[str, Any], result: Any) -> dict[str, Any]:
    full: dict[str, Any] = {"ok": True, **(result or {})}
    stage.log.write("act", act=name, args=args, result=full)
    return full


async def _later_result(
    stage: Stage, name: str, args: dict[str, Any], result: Awaitable[Any]
) -> dict[str, Any]:
    try:
        found = await result
    except (*UNDOABLE, aiohttp.ClientError, TimeoutError) as error:
        found = _refused(error)
    return _done(stage, name, args, found)


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest(text="a JSON object is expected") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="a JSON object is expected")
    return body
