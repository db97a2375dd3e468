"""Connections to one place that are kept: one request at a time on each, as many as are asked for, nothing repeated.

A general client does several times as much for each request as one that knows where everything goes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import cast
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection

from bot.platforms.reading import Answer, Garbled, Reading

RESTED_SECONDS = 15.0
"""A connection that lay unused for longer may be dead at the other end, and what is sent into it is lost."""
NEXT_SECONDS = 0.25


class Unreachable(Exception):
    """There was no connection: nothing was sent."""


class CutOff(Exception):
    """The connection ended, or became useless, before the answer was whole."""


class Wire:
    def __init__(self, base: str) -> None:
        said = urlsplit(base)
        self._tls = said.scheme == "https"
        self._host = said.hostname or ""
        self._port = said.port or (443 if self._tls else 80)
        self._idle: list[_Line] = []
        self._open: set[_Line] = set()
        self._trust: ssl.SSLContext | None = None
        self._closed = False

    async def ask(self, spoken: bytes, seconds: float) -> Answer:
        """The answer to one whole request. Raises Unreachable, CutOff or TimeoutError."""
        if self._closed:
            raise RuntimeError("closed")
        line = self._rested()
        try:
            async with asyncio.timeout(seconds):
                line = line or await self._connect()
                answer = await line.ask(spoken)
        except TimeoutError:
            if line is None:
                raise Unreachable from None
            raise
        finally:
            if line is not None and line.busy:
                line.drop()
        self._put_back(line, answer)
        return answer

    async def close(self) -> None:
        self._closed = True
        for line in list(self._open):
            line.drop()
        await asyncio.sleep(0)  # the loop takes note of it

    def _rested(self) -> _Line | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            line = self._idle.pop()
            if line.usable and now - line.since < RESTED_SECONDS:
                return line
            line.drop()
        return None

    def _put_back(self, line: _Line, answer: Answer) -> None:
        if answer.reusable and line.usable:
            line.since = asyncio.get_running_loop().time()
            self._idle.append(line)
        else:
            line.drop()

    async def _connect(self) -> _Line:
        if self._tls and self._trust is None:
            self._trust = ssl.create_default_context()
        loop, named = asyncio.get_running_loop(), self._host if self._tls else None
        try:
            known = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            # Where one of two internets is broken the other one is tried soon, not when time is over.
            sock = await start_connection(known, happy_eyeballs_delay=NEXT_SECONDS)
            _, line = await loop.create_connection(
                lambda: _Line(self._open), sock=sock, ssl=self._trust, server_hostname=named
            )
        except OSError:
            raise Unreachable from None
        return line


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, all_open: set[_Line]) -> None:
        self._open = all_open
        self._transport: asyncio.Transport | None = None
        self._reading = Reading()
        self._waiting: asyncio.Future[Answer] | None = None
        self.since = 0.0

    @property
    def busy(self) -> bool:
        return self._waiting is not None

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, spoken: bytes) -> Answer:
        if self._transport is None or self._transport.is_closing():
            raise CutOff
        self._reading = Reading()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(spoken)
        answer = await self._waiting
        self._waiting = None
        return answer

    def drop(self) -> None:
        self._open.discard(self)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # libuv's says nothing of its kind
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        waiting = self._waiting
        if waiting is None or waiting.done():
            self.drop()  # nobody has asked: whatever it answers, it is not the next question
            return
        try:
            answer = self._reading.feed(data)
        except Garbled:
            waiting.set_exception(CutOff())
            return
        if answer is not None:
            waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._open.discard(self)
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        if (answer := self._reading.end()) is not None:
            waiting.set_result(answer)
        else:
            waiting.set_exception(CutOff())
