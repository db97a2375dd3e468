"""Everything that answers here, described for tools and people: the control API and both platforms' own."""

from __future__ import annotations

from typing import Any

from bot.sandbox.acts.catalog import ACTS
from bot.sandbox.api import Route
from bot.sandbox.errors import MEANINGS
from bot.sandbox.faults import Script
from bot.sandbox.sources import Asked, asked_by
from bot.sandbox.world.spec import Settings

STRING = {"type": "string"}
MOMENT = {"type": "string", "format": "date-time"}
REPORT = {
    "type": "object",
    "properties": {
        "now": MOMENT,
        "running": {"type": "boolean"},
        "next_due": {"anyOf": [MOMENT, {"type": "null"}]},
        "in_flight": {"type": "integer"},
        "applied": {"type": "array", "items": {"type": "string"}},
    },
}
CLOCK = {
    "oneOf": [
        {"type": "object", "properties": {"advance": {"type": "number"}}, "required": ["advance"]},
        {"type": "object", "properties": {"to": MOMENT}, "required": ["to"]},
        {
            "type": "object",
            "properties": {"step": {"type": "object", "properties": {"until": MOMENT}}},
            "required": ["step"],
        },
        {
            "type": "object",
            "properties": {"running": {"type": "boolean"}},
            "required": ["running"],
        },
        {"type": "object", "properties": {"reset": {"const": True}}, "required": ["reset"]},
    ]
}


def _act() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "act": {"type": "string", "enum": sorted(ACTS)},
            "at": MOMENT,
            "key": {"type": "string"},
        },
        "required": ["act"],
        "additionalProperties": True,
    }


def _json(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _post(summary: str, body: Any, answer: Any) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, **_json(body)},
            "responses": {"200": {"description": "ok", **_json(answer)}},
        }
    }


def _get(summary: str, *names: str) -> dict[str, Any]:
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
    return {
        "get": {
            "summary": summary,
            "parameters": parameters,
            "responses": {"200": {"description": "ok"}},
        }
    }


def _control() -> dict[str, Any]:
    act = _act()
    acts = {"type": "object", "properties": {"acts": {"type": "array", "items": act}}}
    results = {"type": "object", "properties": {"results": {"type": "array", "items": {}}}}
    clock = _post("move time", CLOCK, REPORT) | _get("read the clock")
    faults = _post("replace the fault script", Script.model_json_schema(), {})
    return {
        "/__sandbox__/clock": clock,
        "/__sandbox__/act": _post("people do things", {"oneOf": [acts, act]}, results),
        "/__sandbox__/faults": faults | _get("the fault script"),
        "/__sandbox__/reset": _post("begin the world again", {}, REPORT),
        "/__sandbox__/state": _get("the world", "customer", "guide"),
        "/__sandbox__/log": _get("the log as JSON lines", "after", "limit", "side"),
        "/__sandbox__/openapi.json": _get("this description"),
    }


def openapi(tables: dict[str, tuple[str, dict[str, Route]]]) -> dict[str, Any]:
    """`tables`: by platform its base URL and its routes."""
    paths = {path: {**item, "x-platform": "sandbox"} for path, item in _control().items()}
    for platform, (base, table) in tables.items():
        for path, route in table.items():
            item = {**_endpoint(route), "servers": [{"url": base}], "x-platform": platform}
            paths[path if path not in paths else f"{path}#{platform}"] = item
    return {
        "openapi": "3.1.0",
        "info": {"title": "Siyu sandbox", "version": "2"},
        "paths": paths,
        "x-acts": {name: described(act) for name, act in sorted(ACTS.items())},
        "x-settings": Settings.model_json_schema()["properties"],
    }


def described(thing: Any) -> str:
    """The first line that its author wrote, else its name in words."""
    words = (getattr(thing, "__doc__", None) or "").strip().splitlines()
    return words[0] if words else str(thing.__name__).strip("_").replace("_", " ")


def _endpoint(route: Route) -> dict[str, Any]:
    asked = asked_by(route.handler)
    method = "get" if route.method == "GET" else "post"
    token = [{"name": "access_token", "in": "query", "required": True, "schema": STRING}]
    said: dict[str, Any] = {
        "summary": described(route.handler),
        "tags": [route.handler.__module__.rpartition(".")[2]],
        "parameters": [*(token if route.needs_token else []), *_asked_in_query(method, asked)],
        "responses": {
            "200": {"description": "HTTP 200 always; the errcode tells", **_answer(route)}
        },
        "x-errcodes": {code: MEANINGS.get(code, "") for code in sorted(asked.errcodes)},
    }
    if method == "post":
        properties = {name: _typed(kind) for name, kind in asked.fields.items()}
        needed = sorted(asked.needed)
        schema = {"type": "object", "properties": properties, "required": needed}
        said["requestBody"] = {"required": bool(needed), **_json(schema)}
    return {method: said}


def _asked_in_query(method: str, asked: Asked) -> list[dict[str, Any]]:
    if method == "post":
        return []
    return [
        {"name": name, "in": "query", "required": name in asked.needed, "schema": _typed(kind)}
        for name, kind in asked.fields.items()
    ]


def _typed(kind: str) -> dict[str, str]:
    return {"type": kind} if kind else {}


def _answer(route: Route) -> dict[str, Any]:
    usual = {} if route.bare else {"errcode": 0, "errmsg": "ok"}
    return {"content": {"application/json": {"example": {**usual, **route.empty}}}}
