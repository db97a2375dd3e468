"""The one HTTP client: bounded time, UTF-8 whatever the content type says, and no URL in any error."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from bot.calls import Outcome, TryLater, Unclear
from bot.clock import Clock
from bot.platforms.reading import Answer
from bot.platforms.request import Request, Upload
from bot.platforms.wire import CutOff, Unreachable, Wire

Pace = Callable[[str], Awaitable[None]]

_TOTAL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Lost:
    """No usable answer. Unless it provably never arrived, the request may have been carried out."""

    reason: str
    arrived: bool = True

    def outcome(self, request: Request) -> Outcome:
        if self.arrived and not request.repeatable:
            return Unclear(self.reason)
        return TryLater(0, "lost" if self.arrived else "unreachable", timedelta(seconds=3))


async def unpaced(_path: str) -> None:
    return None


class Http:
    def __init__(
        self,
        base: str,
        clock: Clock,
        *,
        pace: Pace = unpaced,
        seconds: float = _TOTAL_SECONDS,
    ) -> None:
        said = urlsplit(base.rstrip("/"))
        self._place, self._path = said.netloc.rpartition("@")[2], said.path
        self._clock = clock
        self._pace = pace
        self._seconds = seconds
        # Nobody queues here: whoever waited too long would look as if he had been sent.
        self._wire = Wire(base)
        self.skew = 0.0
        """Seconds by which the platform's `Date` is ahead of our clock."""

    async def close(self) -> None:
        await self._wire.close()

    async def send(self, request: Request, token: str | None = None) -> dict[str, Any] | Lost:
        """The JSON object that came back, errcode and all. A redirect is no answer: followed, it would carry the
        token to whoever is named."""
        await self._pace(request.path)
        try:
            answer = await self._wire.ask(self._spoken(request, token), self._seconds)
        except Unreachable:
            return Lost("unreachable", arrived=False)
        except TimeoutError:
            return Lost("timeout")
        except (CutOff, OSError):
            return Lost("cut_off")
        self._measure(answer.headers.get("date"))
        return _read(answer, binary=request.binary)

    def _spoken(self, request: Request, token: str | None) -> bytes:
        query = {**request.query, **({"access_token": token} if token else {})}
        kind, body = _payload(request)
        head = _head(
            request.method, self._place, self._path + request.path, tuple(query.items()), kind
        )
        return b"%s%d\r\n\r\n%s" % (head, len(body), body)

    def _measure(self, date: str | None) -> None:
        if told := _moment(date or ""):
            self.skew = (told - self._clock.now()).total_seconds()


@lru_cache(maxsize=8)
def _moment(date: str) -> datetime | None:
    """Answers of one second say the same."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told if told.tzinfo else None


@lru_cache(maxsize=256)
def _head(
    method: str, place: str, path: str, query: tuple[tuple[str, str], ...], kind: str
) -> bytes:
    """All but the length. Nearly all calls go to a few addresses."""
    target = quote(path) + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {place}", "Accept: */*"]
    lines += ["Accept-Encoding: identity", *([f"Content-Type: {kind}"] if kind else ())]
    return "\r\n".join([*lines, "Content-Length: "]).encode()


def _payload(request: Request) -> tuple[str, bytes]:
    """The kind of a body, and the body."""
    if request.upload:
        return _form(request.upload)
    if request.body is None:
        return "", b""
    # Escaped Chinese would count six-fold against limits and is refused by parts of the platforms.
    spoken = json.dumps(request.body, ensure_ascii=False).encode(errors="replace")
    return "application/json; charset=utf-8", spoken


def _form(upload: Upload) -> tuple[str, bytes]:
    # WeCom refuses a part without a filename.
    edge = hashlib.sha256(upload.content).hexdigest()
    name = upload.filename.translate({34: "%22", 13: "%0D", 10: "%0A"})
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="media"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return f"multipart/form-data; boundary={edge}", b"".join(
        (head.encode(), upload.content, f"\r\n--{edge}--\r\n".encode())
    )


def _read(answer: Answer, *, binary: bool) -> dict[str, Any] | Lost:
    if answer.status == 404:
        # The platforms answer an unknown path so; nothing was done, and nothing ever will be.
        return {"errcode": 404, "errmsg": "no such path"}
    if answer.status not in {200, 206}:
        return Lost("server_error")
    if binary and not answer.body.lstrip().startswith(b"{"):
        return _file(answer)
    try:
        said = json.loads(answer.body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return Lost("nonsense")
    return said if isinstance(said, dict) else Lost("nonsense")


def _file(answer: Answer) -> dict[str, Any]:
    """An answer is something that can be written down: the file goes as base64."""
    told = Message()
    for name in ("content-type", "content-disposition"):
        if name in answer.headers:
            told[name] = answer.headers[name]
    return {
        "content": base64.b64encode(answer.body).decode(),
        "content_type": told.get_content_type()
        if "content-type" in told
        else "application/octet-stream",
        "filename": told.get_filename("") or "",
    }
