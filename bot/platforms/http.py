"""The one HTTP client: bounded time, UTF-8 whatever the content type says, and no URL in any error."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import aiohttp
import structlog

from bot.calls import Outcome, TryLater, Unclear
from bot.clock import Clock
from bot.platforms.request import Request

log = structlog.get_logger()

SKEWED_SECONDS = 60.0
"""Of five minutes that a callback may be late; more is a clock that nobody sets."""
_TOTAL_SECONDS = 10.0
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Lost:
    """No usable answer. Unless it provably never arrived, the request may have been carried out."""

    reason: str
    arrived: bool = True

    def outcome(self, request: Request) -> Outcome:
        if self.arrived and not request.repeatable:
            return Unclear(self.reason)
        return TryLater(0, "lost" if self.arrived else "unreachable", timedelta(seconds=3))


class Http:
    def __init__(self, base: str, clock: Clock, *, seconds: float = _TOTAL_SECONDS) -> None:
        self._base = base.rstrip("/")
        self._clock = clock
        # Half of it at the door: whoever was not let in by then has provably sent nothing.
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=seconds / 2)
        self._opened: aiohttp.ClientSession | None = None
        self.skew = 0.0
        """Seconds by which the platform's `Date` is ahead of our clock."""

    async def close(self) -> None:
        if self._opened:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        # A session belongs to the loop that runs when it is made: not before the first request.
        if self._opened is None:
            # Nobody queues here: whoever waited too long would look as if he had been sent.
            unlimited = aiohttp.TCPConnector(limit=0)
            self._opened = aiohttp.ClientSession(
                connector=unlimited, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._opened

    async def send(self, request: Request, token: str | None = None) -> dict[str, Any] | Lost:
        """The JSON object that came back, errcode and all."""
        try:
            async with self._session().request(
                request.method,
                # Written out: what is parsed once is known from then on, what is put together never is.
                self._base + request.path + (f"?access_token={quote(token)}" if token else ""),
                params=request.query,
                timeout=self._timeout,
                # A redirect would carry the token to whoever is named.
                allow_redirects=False,
                **_payload(request),
            ) as response:
                self._measure(response.headers.get("Date"))
                return _read(response, await _bounded(response), binary=request.binary)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Lost("unreachable", arrived=False)
        except (aiohttp.ClientError, OSError) as trouble:
            # The trouble's text holds the URL, and the URL holds the token: only its kind goes on.
            return Lost("timeout" if isinstance(trouble, TimeoutError) else "cut_off")

    def _measure(self, date: str | None) -> None:
        told = _moment(date or "")
        if told is not None and told.tzinfo:
            before, self.skew = self.skew, (told - self._clock.now()).total_seconds()
            self._warn(before)

    def _warn(self, before: float) -> None:
        """Once, not with every answer."""
        if abs(before) <= SKEWED_SECONDS < abs(self.skew) and not self._clock.moved:
            log.warning("clock differs from the platform's", seconds=round(self.skew))


@lru_cache(maxsize=8)
def _moment(date: str) -> datetime | None:
    """All answers of one second say the same."""
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None


def _payload(request: Request) -> dict[str, Any]:
    if request.upload:
        form = aiohttp.FormData()
        # WeCom refuses a part without a filename.
        form.add_field("media", request.upload.content, filename=request.upload.filename)
        return {"data": form}
    if request.body is None:
        return {}
    # Escaped Chinese would count six-fold against limits and is refused by parts of the platforms.
    spoken = json.dumps(request.body, ensure_ascii=False).encode(errors="replace")
    return {"data": spoken, "headers": {"Content-Type": "application/json; charset=utf-8"}}


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > _MOST_BYTES:
            raise aiohttp.ClientPayloadError("too large")
    return bytes(body)


def _read(response: aiohttp.ClientResponse, body: bytes, *, binary: bool) -> dict[str, Any] | Lost:
    if response.status == 404:
        # The platforms answer an unknown path so; nothing was done, and nothing ever will be.
        return {"errcode": 404, "errmsg": "no such path"}
    if response.status not in {200, 206}:
        return Lost("server_error")
    if binary and not body.lstrip().startswith(b"{"):
        return _file(response, body)
    try:
        said = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return Lost("nonsense")
    return said if isinstance(said, dict) else Lost("nonsense")


def _file(response: aiohttp.ClientResponse, body: bytes) -> dict[str, Any]:
    """An answer is something that can be written down: the file goes as base64."""
    named = response.content_disposition
    return {
        "content": base64.b64encode(body).decode(),
        "content_type": response.content_type,
        "filename": (named.filename if named else None) or "",
    }
