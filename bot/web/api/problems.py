"""Errors of the API: problem+json that says what, why and what to do next, and never echoes the input."""

from __future__ import annotations

from typing import Any

from aiohttp import web

KNOWN = {
    400: ("bad_request", "请求的写法不对"),
    404: ("not_found", "没有这个地址，也没有这样东西"),
    405: ("method_not_allowed", "这个地址不接受这种方法"),
    413: ("too_large", "请求体太大"),
    415: ("unsupported_media_type", "请求体要是 application/json"),
}


def problem(status: int, code: str, words: str, /, **more: Any) -> web.Response:
    body = {"type": f"urn:siyu:{code}", "status": status, "title": code, "detail": words} | more
    answer = web.json_response(body, status=status, content_type="application/problem+json")
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def of_http(answered: web.HTTPError) -> web.Response:
    """What the framework says by itself, in the same form."""
    code, words = KNOWN.get(answered.status, ("error", "出错了"))
    answer = problem(answered.status, code, words)
    if "Allow" in answered.headers:
        answer.headers["Allow"] = answered.headers["Allow"]
    return answer
