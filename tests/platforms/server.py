"""A tiny platform on this machine: tokens that can be revoked, and answers by path."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.domain.tokens import Token
from tests.platforms import shapes

Answer = Any  # a dict, text, a status, or a coroutine function of the request

DONE: dict[str, dict[str, Any]] = {
    "/cgi-bin/externalcontact/get": {"external_contact": {"external_userid": "wm1"}},
    "/cgi-bin/externalcontact/add_msg_template": {"msgid": "m"},
    "/cgi-bin/externalcontact/add_moment_task": {"jobid": "j"},
    "/cgi-bin/kf/account/add": {"open_kfid": "wk1"},
}
"""What an answer to these cannot do without."""


class TinyPlatform:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.answers: dict[str, list[Answer]] = {}
        self.tokens = 1
        self.secret = "s3cret"
        self.base = ""
        self.forced: list[bool] = []

    @property
    def token(self) -> str:
        return f"token-{self.tokens}"

    def counts(self) -> Counter[str]:
        return Counter(path for _, path, _, _ in self.seen)

    def troubles(self) -> list[str]:
        """What the documents say against the requests that came; both platforms live on this one base."""
        found = []
        for method, path, query, body in self.seen:
            if not path.startswith(("/cgi-bin/", "/sns/")):
                continue  # a test of the line alone
            said = {} if isinstance(body, dict) and "filename" in body else body
            by_platform = [
                shapes.of_request(platform, method, path, query, said)
                for platform in ("wecom", "official")
            ]
            if all(by_platform):
                found += min(by_platform, key=len)
        return found

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        self.seen.append((request.method, request.path, dict(request.query), body))
        if request.path in {"/cgi-bin/gettoken", "/cgi-bin/stable_token"}:
            return await self._tell_token(request, body)
        theirs = request.path.startswith("/sns/")  # a fan's own token, or none
        if not theirs and request.query.get("access_token", self.token) != self.token:
            return web.json_response(
                {"errcode": 40014, "errmsg": "invalid access_token", "follow_user": []}
            )
        done = {"errcode": 0, "errmsg": "ok", **DONE.get(request.path, {})}
        scripted = self.answers.get(request.path, [done])
        return await _said(scripted.pop(0) if len(scripted) > 1 else scripted[0], request)

    async def _tell_token(self, request: web.Request, body: Any) -> web.StreamResponse:
        await asyncio.sleep(0.02)
        scripted = self.answers.get(request.path)
        if scripted:
            return await _said(scripted.pop(0) if len(scripted) > 1 else scripted[0], request)
        given = request.query.get("corpsecret") or (body or {}).get("secret")
        self.forced.append(bool(body and body.get("force_refresh")))
        if given != self.secret:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        return web.json_response({"errcode": 0, "access_token": self.token, "expires_in": 7200})


async def _body(request: web.Request) -> Any:
    if request.content_type.startswith("multipart/"):
        part = await (await request.multipart()).next()
        return {"name": part.name, "filename": part.filename, "content": bytes(await part.read())}
    return await request.json() if request.can_read_body else None


async def _said(answer: Answer, request: web.Request) -> web.StreamResponse:
    if callable(answer):
        return await answer(request)
    if isinstance(answer, int):
        return web.Response(
            status=answer, text="<html>bad gateway</html>", content_type="text/html"
        )
    if isinstance(answer, str):
        return web.Response(text=answer, content_type="text/plain")
    return web.json_response(answer)


async def cut_off(request: web.Request) -> web.StreamResponse:
    """The request was taken, and the line went dead."""
    request.transport.close()
    return web.Response()


async def too_slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(1)
    return web.json_response({"errcode": 0})


class MemoryTokens:
    """A token store that several clients of one test share, as processes share the database."""

    def __init__(self) -> None:
        self.rows: dict[str, Token] = {}
        self.leases: dict[str, tuple[str, float]] = {}

    async def read(self, key: str) -> Token | None:
        return self.rows.get(key)

    async def lead(
        self, key: str, failed_version: int, owner: str, now: float, seconds: float
    ) -> bool:
        version = self.rows[key].version if key in self.rows else 0
        holder, until = self.leases.get(key, (owner, 0.0))
        if version != failed_version or (holder != owner and until > now):
            return False
        self.leases[key] = (owner, now + seconds)
        return True

    async def write(self, key: str, version: int, value: str, expires_at: datetime) -> None:
        self.rows[key] = Token(version, value, expires_at)
        self.leases.pop(key, None)
