"""Answers as they come off the wire, whole or in crumbs, and connections that end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from bot.platforms.reading import Garbled, Reading
from bot.platforms.wire import CutOff, Wire

BODY = '{"errcode":0,"errmsg":"好"}'.encode()
WITH_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
IN_CHUNKS = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\n\r\n"
    b"5;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n"
) % (BODY[:5], len(BODY) - 5, BODY[5:])
SHUT = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY


@pytest.mark.parametrize("said", [WITH_LENGTH, IN_CHUNKS])
def test_an_answer_is_the_same_wherever_it_is_torn(said):
    for size in (1, 2, 3, 7, len(said)):
        reading = Reading()
        parts = [said[at : at + size] for at in range(0, len(said), size)]
        *early, answer = [reading.feed(part) for part in parts]
        assert set(early) <= {None}
        assert answer == (200, answer.headers, BODY, True)


def test_without_a_length_the_answer_ends_with_its_connection():
    reading = Reading()
    assert reading.feed(SHUT) is None
    assert reading.end().body == BODY
    assert not reading.end().reusable


@pytest.mark.parametrize("whole", [WITH_LENGTH, IN_CHUNKS])
def test_half_an_answer_is_none(whole):
    reading = Reading()
    assert reading.feed(whole[:-3]) is None
    assert reading.end() is None


def test_what_comes_behind_an_answer_is_never_taken_for_the_next():
    assert not Reading().feed(WITH_LENGTH + b"HTTP/1.1 200 OK\r\n").reusable


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    ],
)
def test_what_is_no_answer_is_not_waited_for(said):
    with pytest.raises(Garbled):
        Reading().feed(said)


@asynccontextmanager
async def serving(*answers: bytes):
    """A server that gives each request the next of these, and shuts the door after the last one of a connection."""
    left, doors = list(answers), []

    async def serve(reader, writer):
        doors.append(writer)
        while left and await reader.readuntil(b"\r\n\r\n"):
            writer.write(left.pop(0))
            await writer.drain()
            if writer.is_closing() or not left or left[0] == b"":
                break
        left[:1] = [] if left[:1] == [b""] else left[:1]
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    wire = Wire(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield wire, doors
    finally:
        await wire.close()
        server.close()
        await server.wait_closed()


ASKED = b"GET / HTTP/1.1\r\n\r\n"


async def test_one_connection_carries_one_request_after_the_other():
    async with serving(WITH_LENGTH, IN_CHUNKS, WITH_LENGTH) as (wire, doors):
        assert [(await wire.ask(ASKED, 2)).body for _ in range(3)] == [BODY] * 3
        assert len(doors) == 1


async def test_a_connection_that_was_shut_is_not_asked_again():
    async with serving(WITH_LENGTH, b"", SHUT, b"", WITH_LENGTH[:-1]) as (wire, doors):
        assert (await wire.ask(ASKED, 2)).body == BODY
        await asyncio.sleep(0.01)
        assert (await wire.ask(ASKED, 2)).body == BODY
        with pytest.raises(CutOff):
            await wire.ask(ASKED, 2)
        assert len(doors) == 3
