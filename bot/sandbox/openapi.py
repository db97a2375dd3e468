"""The control API described for tools and people."""

from __future__ import annotations

from typing import Any

from bot.sandbox.acts.catalog import ACTS
from bot.sandbox.faults import Script

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


def openapi() -> dict[str, Any]:
    act = _act()
    acts = {"type": "object", "properties": {"acts": {"type": "array", "items": act}}}
    results = {"type": "object", "properties": {"results": {"type": "array", "items": {}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Siyu sandbox control", "version": "1"},
        "paths": {
            "/__sandbox__/clock": _post("move time", CLOCK, REPORT) | _get("read the clock"),
            "/__sandbox__/act": _post("people do things", {"oneOf": [acts, act]}, results),
            "/__sandbox__/faults": _post(
                "replace the fault script", Script.model_json_schema(), {}
            ),
            "/__sandbox__/reset": _post("begin the world again", {}, REPORT),
            "/__sandbox__/state": _get("the world", "customer", "guide"),
            "/__sandbox__/log": _get("the log as JSON lines", "after", "limit"),
        },
    }
