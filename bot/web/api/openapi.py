"""`GET /api/openapi.json`: what the API takes and gives, made of the endpoints themselves and their models."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from bot.domain.permissions import area
from bot.web.api.bodies import Nothing, Query
from bot.web.api.endpoints import BASE, ENDPOINTS, JSON, Done, Endpoint
from bot.web.api.orders import OrderIn, Received
from bot.web.api.problems import problem
from bot.web.desk import ACTOR, DESK

routes = web.RouteTableDef()
REF = "#/components/schemas/{model}"
PART = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")
"""`{id:[1-9][0-9]{0,17}}` of the router."""
REFUSED = {
    400: "写法不对：不是 JSON、没有 Idempotency-Key、cursor 不对",
    401: "缺少或不认识的密钥",
    403: "角色或范围不够",
    404: "没有，或不归你看",
    409: "规则不允许，或同一个 Idempotency-Key 还在处理",
    413: "请求体太大",
    415: "请求体不是 application/json",
    422: "字段有问题，见 mistakes；或同一个 Idempotency-Key 用在了不同的请求上",
    429: "太频繁",
}
READS, SENDS = (400, 401, 403, 404, 409, 422), (400, 401, 403, 404, 409, 413, 415, 422, 429)
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Problem(BaseModel):
    """problem+json: `title` is the code for programs, `detail` the sentence for people."""

    type: str
    status: int
    title: str
    detail: str
    mistakes: list[dict[str, str]] = []


@routes.get("/api/openapi.json", allow_head=False)
async def read(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    if desk.work.settings.production and ACTOR not in request:
        return problem(401, "unauthenticated", "缺少或不认识的 API 密钥")
    return web.json_response(document())


@lru_cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    schemas = _schemas()
    for endpoint in ENDPOINTS.values():
        path = PART.sub(lambda found: f"{{{found[1]}}}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    paths.setdefault(f"{BASE}/orders", {})["post"] = _orders(schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Siyu 私域助手", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas["definitions"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _schemas() -> dict[str, Any]:
    models: set[type[BaseModel]] = {Problem, OrderIn, Received, Done}
    for endpoint in ENDPOINTS.values():
        models |= {endpoint.says, endpoint.gives}
    by_model, top = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template=REF,
        schema_generator=GenerateJsonSchema,
    )
    return {
        "definitions": top.get("$defs", {}),
        "refs": {model: found for (model, _), found in by_model.items()},
    }


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    reads = endpoint.method == "GET"
    said: dict[str, Any] = {
        "summary": endpoint.words,
        "operationId": _name(endpoint),
        "tags": [area(endpoint.right)],
        "description": f"权限 `{endpoint.right}`，密钥范围 `{_scope(endpoint)}`",
        "parameters": _parameters(endpoint),
        "responses": _responses(schemas, endpoint.gives, READS if reads else SENDS),
    }
    if endpoint.takes != JSON:
        binary = {"schema": {"type": "string", "format": "binary"}}
        said["requestBody"] = {"required": True, "content": {endpoint.takes: binary}}
    elif not reads and endpoint.method != "DELETE":
        said["requestBody"] = {
            "required": not issubclass(endpoint.says, Nothing),
            "content": {"application/json": {"schema": schemas["refs"][endpoint.says]}},
        }
    return said


def _scope(endpoint: Endpoint) -> str:
    return f"{area(endpoint.right)}:{'write' if endpoint.writes else 'read'}"


def _name(endpoint: Endpoint) -> str:
    words = PART.sub(lambda found: found[1], endpoint.path.removeprefix(BASE))
    return endpoint.method.lower() + re.sub(r"[^a-zA-Z0-9]+", "_", words)


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = [_part(part[1], part[0]) for part in PART.finditer(endpoint.path)]
    if issubclass(endpoint.says, Query):
        schema = TypeAdapter(endpoint.says).json_schema()
        found += [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": _plain(one),
            }
            for name, one in schema.get("properties", {}).items()
        ]
    if endpoint.writes:
        key = {"type": "string", "pattern": "^[!-~]{1,200}$", "minLength": 1, "maxLength": 200}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    return found


def _part(name: str, written: str) -> dict[str, Any]:
    numbered = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
    worded = {"type": "string", "minLength": 1, "maxLength": 200}
    schema = numbered if ":" in written else worded
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: what may be left out is left out."""
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    merged = {**kinds[0], **schema} if len(kinds) == 1 else schema
    return {k: v for k, v in merged.items() if k not in {"anyOf", "title"} and v is not None}


def _responses(schemas: dict[str, Any], gives: Any, refused: tuple[int, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "200": {
            "description": "好了",
            "content": {"application/json": {"schema": schemas["refs"][gives]}},
        }
    }
    return told | _refusals(schemas, refused)


def _refusals(schemas: dict[str, Any], refused: tuple[int, ...]) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": schemas["refs"][Problem]}}
    return {str(one): {"description": REFUSED[one], "content": content} for one in refused}


def _orders(schemas: dict[str, Any]) -> dict[str, Any]:
    """Signed by the shop system instead of carrying a key."""
    content = {"application/json": {"schema": schemas["refs"][Received]}}
    return {
        "summary": "订单事件（Standard Webhooks 签名）",
        "operationId": "post_orders",
        "tags": ["order"],
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in SIGNED
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schemas["refs"][OrderIn]}},
        },
        "responses": {
            "200": {"description": "收过了", "content": content},
            "202": {"description": "收下了", "content": content},
        }
        | _refusals(schemas, (400, 401, 413, 422)),
    }
