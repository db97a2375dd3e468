"""Load over raw keep-alive connections: a client library would measure itself."""

from __future__ import annotations

import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Result:
    seconds: float
    latencies: list[float]
    """In ms, sorted."""
    statuses: Counter[int]

    def percentile(self, share: float) -> float:
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


class _Line:
    """One connection with one request under way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._read = b""
        self.began = 0.0
        self.socket = self._open()

    def _open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def send(self, request: bytes) -> None:
        self._read = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def answered(self) -> int:
        """The status once the whole answer is here; 0 before."""
        came = self.socket.recv(65536)
        self._read += came
        if not came:
            raise ConnectionError("closed in mid-answer")
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found or not _whole(head.lower(), body):
            return 0
        return int(head[9:12])


def _whole(head: bytes, body: bytes) -> bool:
    told = head.partition(b"content-length:")[2]
    if told:
        return len(body) >= int(told.split(b"\r\n", 1)[0])
    return body.endswith(b"0\r\n\r\n") if b"chunked" in head else True


def drive(port: int, requests: Sequence[bytes], *, connections: int) -> Result:
    """Send every request once, over so many connections at a time."""
    todo: Iterator[bytes] = iter(requests)
    poll, lines = _opened(port, min(connections, len(requests)))
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    began = time.perf_counter()
    for line in lines.values():
        line.send(next(todo))
    while len(latencies) < len(requests):
        ready = poll.poll(PATIENCE)
        if not ready:
            raise TimeoutError("no answer")
        for number, _ in ready:
            line = lines[number]
            if status := line.answered():
                latencies.append((time.perf_counter() - line.began) * 1000)
                statuses[status] += 1
                if (following := next(todo, None)) is not None:
                    line.send(following)
    seconds = time.perf_counter() - began
    for line in lines.values():
        line.socket.close()
    poll.close()
    return Result(seconds, sorted(latencies), statuses)


def pace(port: int, requests: Sequence[bytes], *, per_second: float, connections: int) -> Result:
    """Send every request at its moment, whoever is still being answered; late is what comes after its moment,
    however long the request itself had to wait for a free line."""
    poll, lines = _opened(port, connections)
    free, due = list(lines.values()), dict[int, float]()
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    began, sent = time.perf_counter(), 0
    while len(latencies) < len(requests):
        now = time.perf_counter()
        while free and sent < len(requests) and began + sent / per_second <= now:
            line = free.pop()
            due[line.socket.fileno()] = began + sent / per_second
            line.send(requests[sent])
            sent += 1
        left = began + sent / per_second - now if free and sent < len(requests) else PATIENCE
        for number, _ in poll.poll(max(left, 0)):
            if status := lines[number].answered():
                latencies.append((time.perf_counter() - due[number]) * 1000)
                statuses[status] += 1
                free.append(lines[number])
        if now - began > len(requests) / per_second + PATIENCE:
            raise TimeoutError("no answer")
    seconds = time.perf_counter() - began
    for line in lines.values():
        line.socket.close()
    poll.close()
    return Result(seconds, sorted(latencies), statuses)


def _opened(port: int, many: int) -> tuple[select.epoll, dict[int, _Line]]:
    poll, lines = select.epoll(), {}
    for _ in range(many):
        line = _Line(port)
        lines[line.socket.fileno()] = line
        poll.register(line.socket, select.EPOLLIN)
    return poll, lines


def post(path: str, body: bytes, *, kind: str = "text/xml") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
