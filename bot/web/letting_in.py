"""Where callers are let in."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

LISTENERS, WAITING = 16, 1024
"""libuv lets in one caller of each listener a turn, and a turn beside work takes milliseconds: a platform, or a proxy,
that comes on a new connection with every callback would queue before a single one."""


@asynccontextmanager
async def letting_in(app: web.Application, *, host: str, port: int) -> AsyncIterator[int]:
    """The app on an address; yields the port. Raises OSError where it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family, backlog=WAITING) as door:
            for _ in range(LISTENERS):
                await web.SockSite(runner, door.dup(), backlog=WAITING).start()
            yield door.getsockname()[1]
    finally:
        await runner.cleanup()
