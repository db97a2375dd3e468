"""One HTTP/1.1 answer, read as its bytes come in; nothing in it is believed beyond its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_HEAD, MOST_BODY = 64 * 1024, 32 * 1024 * 1024
_END, _LINE = b"\r\n\r\n", b"\r\n"
_BODILESS = frozenset({204, 304})


class Garbled(Exception):
    """Not an answer, or one without end."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    """By their names in small letters."""
    body: bytes
    reusable: bool
    """Whether the connection may carry the next request."""


@dataclass(slots=True)
class _Head:
    status: int
    version: str
    headers: dict[str, str]

    @property
    def chunked(self) -> bool:
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def length(self) -> int | None:
        """None: until the connection ends."""
        if self.status in _BODILESS:
            return 0
        told = self.headers.get("content-length")
        return None if told is None else _number(told, 10)

    @property
    def keeps(self) -> bool:
        return self.version == "HTTP/1.1" and self.headers.get("connection", "").lower() != "close"


@dataclass(slots=True)
class Reading:
    _raw: bytearray = field(default_factory=bytearray)
    _head: _Head | None = None
    _body: bytearray = field(default_factory=bytearray)
    """What came in chunks so far."""

    def feed(self, data: bytes) -> Answer | None:
        """The answer, once it is whole."""
        self._raw += data
        while self._head is None or self._head.status < 200:  # 1xx: more is to come
            if not self._read_head():
                return None
        if self._head.chunked:
            return self._made(self._body, reusable=True) if self._read_chunks() else None
        length = self._head.length
        _bounded(len(self._raw) if length is None else length)
        if length is None or len(self._raw) < length:
            return None
        body = self._raw[:length]
        del self._raw[:length]
        return self._made(body, reusable=True)

    def end(self) -> Answer | None:
        """The connection is over: without a length that was the end of the answer, else it is lost."""
        if self._head is None or self._head.chunked or self._head.length is not None:
            return None
        return self._made(self._raw, reusable=False)

    def _made(self, body: bytearray, *, reusable: bool) -> Answer:
        assert self._head is not None
        free = reusable and self._head.keeps and not self._raw
        return Answer(self._head.status, self._head.headers, bytes(body), free)

    def _read_head(self) -> bool:
        end = self._raw.find(_END)
        if max(end, 0) > MOST_HEAD or (end < 0 and len(self._raw) > MOST_HEAD):
            raise Garbled("head")
        if end < 0:
            return False
        first, *lines = self._raw[:end].decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1."):
            raise Garbled("version")
        told = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in told}
        self._head = _Head(_number(rest[:3], 10), version, headers)
        del self._raw[: end + len(_END)]
        return True

    def _read_chunks(self) -> bool:
        while (end := self._raw.find(_LINE)) >= 0:
            size = _number(self._raw[:end].decode("latin-1").partition(";")[0], 16)
            _bounded(len(self._body) + size)
            after = end + len(_LINE) + size
            if size == 0:
                return self._read_trailer(end)
            if len(self._raw) < after + len(_LINE):
                return False
            self._body += self._raw[end + len(_LINE) : after]
            del self._raw[: after + len(_LINE)]
        if len(self._raw) > MOST_HEAD:
            raise Garbled("chunk")
        return False

    def _read_trailer(self, end: int) -> bool:
        """What follows the last chunk is not looked at."""
        over = self._raw.find(_END, end)
        if over < 0:
            return False
        del self._raw[: over + len(_END)]
        return True


def _number(text: str, base: int) -> int:
    if not text.strip().isalnum():
        raise Garbled("number")
    try:
        return int(text, base)
    except ValueError:
        raise Garbled("number") from None


def _bounded(size: int) -> None:
    if size > MOST_BODY:
        raise Garbled("too large")
