"""An API call's answer, and how it is put on the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.api import Body, Raw


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


def json_of(body: Body) -> web.Response:
    return web.json_response(body, dumps=lambda value: json.dumps(value, ensure_ascii=False))


def respond(body: Body | Raw, platform: str) -> web.Response:
    if isinstance(body, Raw):
        return web.Response(
            body=body.content,
            status=body.status,
            headers={"Content-Type": body.content_type, **body.headers},
        )
    response = json_of(body)
    if platform == "official":
        response.content_type = "text/plain"  # the real one often does: clients must not care
    return response
