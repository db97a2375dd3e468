"""Everybody at the door is let in soon, however long a turn of the loop takes."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest
from aiohttp import web

from bot.web.letting_in import letting_in

CALLERS = 160
ASKING = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


async def turns_until_all_are_answered() -> int:
    app = web.Application()
    app.router.add_get("/", _answer)
    async with letting_in(app, host="127.0.0.1", port=0) as port:
        asking = threading.Thread(target=_ask, args=(port,))
        asking.start()
        turns = 0
        while asking.is_alive():
            time.sleep(0.005)  # others' work, in this thread
            await asyncio.sleep(0)
            turns += 1
        return turns


async def _answer(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


def _ask(port: int) -> None:
    callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(CALLERS)]
    for caller in callers:
        caller.sendall(ASKING)
    for caller in callers:
        while caller.recv(4096):
            pass
        caller.close()


def test_callers_are_let_in_many_a_turn():
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(turns_until_all_are_answered()) < CALLERS / 2


async def test_a_taken_port_is_told():
    async with letting_in(web.Application(), host="127.0.0.1", port=0) as port:
        with pytest.raises(OSError, match="in use"):
            async with letting_in(web.Application(), host="127.0.0.1", port=port):
                pass
