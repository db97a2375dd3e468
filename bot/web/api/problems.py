"""Errors of the API: problem+json that says what, why and what to do next, and never echoes the input."""

from __future__ import annotations

from typing import Any

from aiohttp import web


def problem(status: int, code: str, words: str, /, **more: Any) -> web.Response:
    body = {"type": f"urn:siyu:{code}", "status": status, "title": code, "detail": words} | more
    return web.json_response(body, status=status, content_type="application/problem+json")
